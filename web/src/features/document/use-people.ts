import { useEffect, useState } from 'react';
import * as Y from 'yjs';
import type { DocumentSession, Replica } from '@/core/sync';
import { t } from './strings';
import { useObservable } from './use-session';

export interface Person {
  readonly userId: string;
  readonly name: string;
  /** The tab of theirs that has a cursor, or else any. */
  readonly client: number;
}

interface PresenceState {
  readonly user?: { readonly id?: unknown; readonly name?: unknown };
  readonly cursor?: unknown;
}

/** Everybody else who has the document open, once each, in the order of their names. */
export function usePeople(session: DocumentSession, myId: string): readonly Person[] {
  const { awareness } = useObservable(session.replica);
  const [people, setPeople] = useState<readonly Person[]>([]);
  useEffect(() => {
    const read = (): void => {
      const found = new Map<string, Person>();
      for (const [client, state] of awareness.getStates() as Map<number, PresenceState>) {
        const id = state.user?.id;
        if (client === awareness.clientID || typeof id !== 'string' || id === myId) continue;
        if (found.has(id) && !state.cursor) continue;
        const name = typeof state.user?.name === 'string' && state.user.name !== '' ? state.user.name : t('people.unnamed');
        found.set(id, { userId: id, name, client });
      }
      const next = [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
      setPeople((before) => (JSON.stringify(before) === JSON.stringify(next) ? before : next));
    };
    read();
    awareness.on('change', read);
    return () => awareness.off('change', read);
  }, [awareness, myId]);
  return people;
}

/** The line, counted from 0, that somebody's cursor is in. */
export function lineOfPeer({ awareness, doc, text }: Replica, client: number): number | null {
  const state = awareness.getStates().get(client) as { cursor?: { head?: unknown } } | undefined;
  const head = state?.cursor?.head;
  if (typeof head !== 'object' || head === null) return null;
  const found = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(head), doc);
  return found?.type === text ? text.toJSON().slice(0, found.index).split('\n').length - 1 : null;
}
