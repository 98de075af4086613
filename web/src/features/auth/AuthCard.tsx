import type { ReactNode } from 'react';
import { t } from '@/lib/strings';
import { useTitle } from '@/ui/hooks';
import './auth.css';

/** The frame of every screen on the way in. */
export function AuthCard({ title, text, children }: { title: string; text?: ReactNode; children?: ReactNode }) {
  useTitle(title);
  return (
    <main className="auth">
      <div className="auth-card">
        <p className="auth-brand">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          {t('app.name')}
        </p>
        <h1>{title}</h1>
        {text && <p className="auth-text">{text}</p>}
        {children}
      </div>
    </main>
  );
}
