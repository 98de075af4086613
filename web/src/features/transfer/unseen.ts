/** What an import says while its dialog is hidden: that it goes on, and that it has ended. */
import { toast } from '@/lib/toasts';
import { importRuns, importState, onImportChange } from './job';
import { ti } from './strings';

let watching: (() => void) | undefined;

/** Its dialog is there again and says so itself. */
export function importIsSeen(): void {
  watching?.();
  watching = undefined;
}

export function importIsHidden(show: () => void): void {
  const action = { label: ti('look'), run: show };
  toast(ti('goes_on'), { action });
  watching = onImportChange(() => {
    if (importRuns()) return;
    importIsSeen();
    const done = importState()?.phase === 'done';
    toast(ti(done ? 'ended' : 'ended_early'), { kind: done ? 'info' : 'error', action });
  });
}
