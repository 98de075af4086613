import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { User } from '@/lib/types';
import { useTitle } from '@/ui/hooks';
import { Icon } from '@/ui/Icon';
import { ts } from './strings';
import './settings.css';

interface SettingsFrameProps {
  me: User;
  title: string;
  children: ReactNode;
}

/** The pages of the account: their frame, and the way from one to the next. */
export function SettingsFrame({ me, title, children }: SettingsFrameProps) {
  useTitle(title);
  const pages = [
    { href: '/settings', label: ts('title') },
    { href: '/account/security', label: ts('security') },
    ...(me.is_operator ? [{ href: '/settings/outbox', label: ts('outbox') }] : []),
  ];
  return (
    <main className="settings">
      <div className="settings-column">
        <Link className="settings-back" href="/">
          <Icon name="arrow-left" />
          {ts('back')}
        </Link>
        <h1>{title}</h1>
        <nav className="settings-pages" aria-label={ts('pages')}>
          {pages.map(({ href, label }) => (
            <Link key={href} href={href} aria-current={label === title ? 'page' : undefined}>
              {label}
            </Link>
          ))}
        </nav>
        {children}
      </div>
    </main>
  );
}
