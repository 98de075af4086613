import '@/ui/tokens.css';
import '@/ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startSession } from '@/features/auth';
import { watchTheme } from '@/lib/theme';
import { trackFocus } from '@/ui/focus-return';
import { App } from './App';
import { keepPageOffline } from './offline';
import { startPersistence } from './persist';
import { forgetOnSignOut } from './sign-out';

async function start(): Promise<void> {
  watchTheme();
  trackFocus();
  forgetOnSignOut();
  startSession();
  await startPersistence();
  const root = document.getElementById('root');
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  keepPageOffline();
}

void start();
