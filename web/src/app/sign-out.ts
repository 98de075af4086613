// After signing out no document stays in this browser. The list that persist.ts keeps goes there; this is the texts.
import { currentUser, onUserChange } from '@/features/auth';
import { loadDocument } from './warm-up';

/** Starts before the first paint: a session that ended while the page was closed counts, too. */
export function forgetOnSignOut(): void {
  let owner = currentUser()?.id;
  onUserChange(() => {
    const next = currentUser()?.id;
    const left = owner;
    owner = next;
    // Their part may not be loaded yet, or never was in this visit.
    if (left !== undefined && next !== left) void loadDocument().then((part) => part.forgetDocuments(left)).catch(() => undefined);
  });
}
