import '@/ui/tokens.css';
import '@/ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startSession } from '@/features/auth';
import { watchTheme } from '@/lib/theme';
import { trackFocus } from '@/ui/focus-return';
import { App } from './App';
import { startPersistence } from './persist';

async function start(): Promise<void> {
  watchTheme();
  trackFocus();
  startSession();
  await startPersistence();
  const root = document.getElementById('root');
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

void start();
