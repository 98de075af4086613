import { useState } from 'react';
import { logOut } from '@/features/auth';
import { getTheme, setTheme, type Theme } from '@/lib/theme';
import type { User } from '@/lib/types';
import { Button } from '@/ui/Button';
import { reportFailure } from '@/ui/query';
import { Profile } from './Account';
import { ApiKeys } from './ApiKeys';
import { SettingsFrame } from './SettingsFrame';
import { ts } from './strings';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

function Appearance() {
  const [theme, choose] = useState(getTheme);
  return (
    <section aria-labelledby="settings-appearance">
      <h2 id="settings-appearance">{ts('appearance')}</h2>
      <fieldset className="themes">
        <legend className="visually-hidden">{ts('theme')}</legend>
        {THEMES.map((value) => (
          <label key={value}>
            <input
              type="radio"
              name="theme"
              checked={theme === value}
              onChange={() => {
                setTheme(value);
                choose(value);
              }}
            />
            {ts(`theme.${value}`)}
          </label>
        ))}
      </fieldset>
    </section>
  );
}

export default function SettingsScreen({ me }: { me: User }) {
  return (
    <SettingsFrame me={me} title={ts('title')}>
      <Profile me={me} />
      <Appearance />
      <ApiKeys />
      <section aria-labelledby="settings-session">
        <h2 id="settings-session">{ts('session')}</h2>
        <Button icon="leave" onClick={() => void logOut().catch((error: unknown) => reportFailure(ts('log_out'), error))}>
          {ts('log_out')}
        </Button>
      </section>
    </SettingsFrame>
  );
}
