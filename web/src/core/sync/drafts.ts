/** Text that could not be merged any more. It waits beside the document until its writer dismisses it. */
import type { Draft, LocalStore } from './local-store';
import { Observable } from './observable';

export class Drafts {
  readonly list = new Observable<readonly Draft[]>([]);
  readonly #user: string;
  readonly #document: string;
  #store: LocalStore | null = null;

  constructor(user: string, document: string) {
    this.#user = user;
    this.#document = document;
  }

  async load(store: LocalStore | null): Promise<void> {
    this.#store = store;
    const found = await store?.drafts(this.#user, this.#document).catch(() => []);
    if (found?.length) this.list.set(found);
  }

  async keep(draft: Omit<Draft, 'id'>): Promise<void> {
    this.list.set([...this.list.get(), { ...draft, id: -draft.at }]);
    try {
      await this.#store?.addDraft(this.#user, this.#document, draft);
      const stored = await this.#store?.drafts(this.#user, this.#document);
      if (stored) this.list.set(stored);
    } catch {
      // It stays in this page's memory, and the banner that shows it stays as well.
    }
  }

  async dismiss(id: number): Promise<void> {
    this.list.set(this.list.get().filter((draft) => draft.id !== id));
    await this.#store?.removeDraft(id).catch(() => undefined);
  }
}
