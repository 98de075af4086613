/**
 * The other tabs of this browser that hold the same copy. While they cannot reach the server they pass on to each other
 * what is written, so that one person sees one text; the server remains the only way to everybody else.
 */
import type { CopyKey } from './local-store';

type Message = { readonly kind: 'ask'; readonly vector: Uint8Array } | { readonly kind: 'update'; readonly update: Uint8Array };

export interface SiblingEvents {
  /** What I have that somebody with this state vector lacks; null while the server tells them. */
  missing: (vector: Uint8Array) => Uint8Array | null;
  apply: (update: Uint8Array) => void;
}

export class Siblings {
  readonly #events: SiblingEvents;
  #channel: BroadcastChannel | null = null;

  constructor(events: SiblingEvents) {
    this.#events = events;
  }

  join({ user, document, epoch }: CopyKey): void {
    this.leave();
    if (typeof BroadcastChannel === 'undefined') return;
    this.#channel = new BroadcastChannel(`mdreader/${user}/${document}/${epoch}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#receive(data);
  }

  leave(): void {
    this.#channel?.close();
    this.#channel = null;
  }

  /** Asks everybody for what a text of this state vector lacks. */
  ask(vector: Uint8Array): void {
    this.#send({ kind: 'ask', vector });
  }

  tell(update: Uint8Array): void {
    this.#send({ kind: 'update', update });
  }

  #receive(message: Message): void {
    if (message.kind === 'update') {
      this.#events.apply(message.update);
      return;
    }
    const update = this.#events.missing(message.vector);
    if (update) this.tell(update);
  }

  #send(message: Message): void {
    this.#channel?.postMessage(message);
  }
}
