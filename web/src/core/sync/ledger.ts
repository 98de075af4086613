/**
 * Counts what the server has not acknowledged.
 *
 * Every local change gets the next number. A saved marker is sent after them, one at a time: while one is on its way
 * the changes that follow wait for the next, so that fast typing costs one marker a round trip and not one a keystroke.
 */
export class Ledger {
  #written = 0;
  #acknowledged = 0;
  #inherited: number;
  #markerSeq = 0;
  #inFlight: { marker: number; upTo: number } | null = null;

  /** @param inherited changes that an earlier page stored here and never heard back about */
  constructor(inherited = 0) {
    this.#inherited = inherited;
  }

  get pending(): number {
    return this.#written - this.#acknowledged + this.#inherited;
  }

  /** Of those pending, the ones this page made itself. */
  get ownPending(): number {
    return this.#written - this.#acknowledged;
  }

  wrote(): void {
    this.#written += 1;
  }

  inherit(count: number): void {
    this.#inherited += count;
  }

  /** A lost connection loses the marker as well; what it covered counts as unacknowledged again. */
  disconnected(): void {
    this.#inFlight = null;
  }

  /** The number of the marker to send now, or null when one is on its way or nothing waits for one. */
  nextMarker(): number | null {
    if (this.#inFlight !== null || this.pending === 0) return null;
    this.#markerSeq += 1;
    this.#inFlight = { marker: this.#markerSeq, upTo: this.#written };
    return this.#markerSeq;
  }

  /** Returns whether the echo was the awaited one. */
  echoed(marker: number): boolean {
    if (this.#inFlight?.marker !== marker) return false;
    this.#acknowledged = this.#inFlight.upTo;
    this.#inherited = 0;
    this.#inFlight = null;
    return true;
  }
}
