/**
 * One document's socket: a fresh ticket for every attempt, a probe when it falls silent, and a decision when it ends.
 * Knows nothing of Yjs; what the frames mean is the session's business.
 */
import { backoffDelay } from './backoff';
import { decideClose, type CloseDecision, type ErrorKind } from './close';
import { encodeQueryAwareness } from './protocol';

/** Thrown by `getTicket` when the server answered and refused; anything else thrown counts as no network. */
export class TicketRefused extends Error {
  /** @param address where it lives, when it is elsewhere (421) */
  constructor(
    readonly status: number,
    readonly address?: string,
  ) {
    super(`the ticket was refused with status ${status}`);
    this.name = 'TicketRefused';
  }
}

export interface Ticket {
  readonly ticket: string;
  readonly epoch: string;
}

export interface ConnectionEvents {
  /** Called with the ticket's epoch before the socket opens; false means: do not open it. */
  admit: (epoch: string) => boolean;
  opened: () => void;
  frame: (data: Uint8Array) => void;
  /** Called for every socket that ended and for every failed attempt. */
  closed: (decision: CloseDecision) => void;
}

export interface ConnectionOptions {
  getTicket: () => Promise<Ticket>;
  openSocket: (ticket: Ticket) => WebSocket;
  events: ConnectionEvents;
}

const QUIET_MS = 25_000;
/** What we send is answered (a marker comes back), so silence after it says more than silence alone. */
const UNANSWERED_MS = 6_000;
const PROBE_ANSWER_MS = 15_000;
const WAKE_ANSWER_MS = 4_000;
const CHECK_EVERY_MS = 5_000;
const OPEN_WITHIN_MS = 15_000;
/** A connection that lived this long was a good one, and the next break starts the back-off afresh. */
const STABLE_AFTER_MS = 5_000;

export class Connection {
  readonly #options: ConnectionOptions;
  #socket: WebSocket | null = null;
  #running = false;
  /** Rises with every attempt, so that answers to an abandoned one are ignored. */
  #attemptId = 0;
  #failures = 0;
  /** An immediate retry was spent; the next waits like any other until a connection has held. */
  #hurried = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #checkTimer: ReturnType<typeof setInterval> | undefined;
  #openTimer: ReturnType<typeof setTimeout> | undefined;
  #openedAt = 0;
  #heardAt = 0;
  /** When the first thing went out that nothing has been heard after; 0 when nothing has. */
  #askedAt = 0;
  #probe: { at: number; within: number } | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === 1;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#failures = 0;
    void this.#attempt();
  }

  stop(): void {
    this.#running = false;
    this.#attemptId += 1;
    clearTimeout(this.#retryTimer);
    this.#drop();
  }

  /** Closes what is there and connects again at once. */
  restart(): void {
    this.stop();
    this.start();
  }

  /** Gives this socket up and tries again after the usual back-off. */
  abandon(): void {
    if (this.#socket !== null) this.#lost(this.#socket);
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (!this.isOpen) return;
    this.#askedAt ||= Date.now();
    this.#socket?.send(data);
  }

  /** The network may be back, or the machine may have slept: ask now instead of waiting for a timer. */
  wake(): void {
    if (!this.#running) return;
    if (this.isOpen) this.#sendProbe(WAKE_ANSWER_MS);
    else if (this.#socket === null) {
      clearTimeout(this.#retryTimer);
      void this.#attempt();
    }
  }

  async #attempt(): Promise<void> {
    const attempt = ++this.#attemptId;
    let ticket: Ticket;
    try {
      ticket = await this.#options.getTicket();
    } catch (error) {
      if (attempt === this.#attemptId) this.#ended(ticketDecision(error));
      return;
    }
    if (attempt !== this.#attemptId || !this.#options.events.admit(ticket.epoch)) return;
    this.#open(ticket);
  }

  #open(ticket: Ticket): void {
    const socket = this.#options.openSocket(ticket);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#openTimer = setTimeout(() => this.#lost(socket), OPEN_WITHIN_MS);
    socket.onopen = () => {
      clearTimeout(this.#openTimer);
      this.#openedAt = this.#heardAt = Date.now();
      this.#askedAt = 0;
      this.#checkTimer = setInterval(() => this.#check(socket), CHECK_EVERY_MS);
      this.#options.events.opened();
    };
    socket.onmessage = (event: MessageEvent) => {
      this.#heardAt = Date.now();
      this.#askedAt = 0;
      this.#probe = null;
      if (event.data instanceof ArrayBuffer) this.#options.events.frame(new Uint8Array(event.data));
    };
    socket.onclose = (event: CloseEvent) => {
      if (this.#socket !== socket) return;
      this.#drop();
      this.#ended(decideClose(event.code, event.reason));
    };
  }

  /** A hidden page's timers may sleep for a minute, so silence alone proves nothing: only an unanswered probe does. */
  #check(socket: WebSocket): void {
    const now = Date.now();
    if (this.#probe !== null) {
      if (now - this.#probe.at >= this.#probe.within) this.#lost(socket);
    } else if (now - this.#heardAt >= QUIET_MS) this.#sendProbe(PROBE_ANSWER_MS);
    else if (this.#askedAt > 0 && now - this.#askedAt >= UNANSWERED_MS) this.#sendProbe(WAKE_ANSWER_MS);
  }

  #sendProbe(within: number): void {
    if (this.#probe !== null && this.#probe.within <= within) return;
    this.#probe = { at: Date.now(), within };
    this.send(encodeQueryAwareness());
    if (within === WAKE_ANSWER_MS) {
      const socket = this.#socket;
      setTimeout(() => socket && this.#socket === socket && this.#check(socket), within);
    }
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#drop();
    this.#ended({ action: 'retry' });
  }

  #drop(): void {
    clearTimeout(this.#openTimer);
    clearInterval(this.#checkTimer);
    this.#probe = null;
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // A socket that is still connecting is closed by the browser with a warning only.
    if (socket.readyState <= 1) socket.close();
  }

  #ended(decision: CloseDecision): void {
    if (!this.#running) return;
    if (this.#openedAt > 0 && Date.now() - this.#openedAt >= STABLE_AFTER_MS) {
      this.#failures = 0;
      this.#hurried = false;
    }
    this.#openedAt = 0;
    if (decision.action === 'retry') {
      const atOnce = decision.atOnce === true && !this.#hurried;
      this.#hurried ||= atOnce;
      const delay = atOnce ? 0 : (decision.delay ?? backoffDelay(this.#failures));
      this.#retryTimer = setTimeout(() => void this.#attempt(), delay);
      this.#failures += 1;
    } else this.#running = false;
    this.#options.events.closed(decision);
  }
}

const TICKET_ERRORS: Partial<Record<number, ErrorKind>> = { 401: 'signed-out', 404: 'gone' };

function ticketDecision(error: unknown): CloseDecision {
  if (!(error instanceof TicketRefused)) return { action: 'retry' };
  if (error.status === 403) return { action: 'recheck-right' };
  if (error.status === 421) return { action: 'stop', error: 'elsewhere', address: error.address ?? '' };
  const kind = TICKET_ERRORS[error.status];
  return kind === undefined ? { action: 'retry' } : { action: 'stop', error: kind };
}
