import { Menu } from '@/ui/Menu';
import { ViewIcon } from './icons';
import type { Mode } from './modes';
import { t } from './strings';

interface ModeSwitchProps {
  modes: readonly Mode[];
  mode: Mode;
  compact: boolean;
  onChange: (mode: Mode) => void;
}

/** Who clicks goes on in the text; who comes by keyboard stays among the buttons. */
const stayInText = (event: React.MouseEvent): void => event.preventDefault();

export function ModeSwitch({ modes, mode, compact, onChange }: ModeSwitchProps) {
  if (compact) {
    const items = () => modes.map((one) => ({ label: t(`mode.${one}`), checked: one === mode, run: () => onChange(one) }));
    return (
      <Menu label={t('mode.label')} items={items}>
        {(trigger) => (
          <button type="button" className="icon-button" aria-label={`${t('mode.label')}: ${t(`mode.${mode}`)}`} {...trigger}>
            <ViewIcon name={mode} />
          </button>
        )}
      </Menu>
    );
  }
  return (
    <div className="doc-modes" role="group" aria-label={t('mode.label')}>
      {modes.map((one) => (
        <button key={one} type="button" className="doc-mode" aria-pressed={one === mode} onMouseDown={stayInText} onClick={() => onChange(one)}>
          {t(`mode.${one}`)}
        </button>
      ))}
    </div>
  );
}
