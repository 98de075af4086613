/** A y-websocket server in this process, for tests: a real Yjs document behind a socket that only looks like one. */
import * as Y from 'yjs';
import { decodeFrame, encodeMarker, encodeStep1, encodeStep2, encodeUpdate } from './protocol';

export class FakeSocket {
  readyState = 0;
  binaryType = 'blob';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly #server: FakeServer;

  constructor(server: FakeServer) {
    this.#server = server;
  }

  send(data: Uint8Array): void {
    if (this.readyState === 1) this.#server.received(this, data);
  }

  close(): void {
    this.readyState = 3;
    this.#server.sockets.delete(this);
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  deliver(data: Uint8Array): void {
    const copy = data.slice();
    if (this.readyState === 1) this.onmessage?.({ data: copy.buffer });
  }

  /** Ends the connection from the server's side. */
  end(code: number, reason = ''): void {
    this.readyState = 3;
    this.#server.sockets.delete(this);
    this.onclose?.({ code, reason });
  }
}

export class FakeServer {
  doc = new Y.Doc();
  epoch = 'e1';
  readonly sockets = new Set<FakeSocket>();
  readonly seen: { kind: string }[] = [];
  /** While true nothing is acknowledged, as if the disk were slow. */
  holdMarkers = false;
  /** While true nothing is answered at all, as if the cable were cut. */
  silent = false;
  tickets = 0;
  opened = 0;
  #held: { socket: FakeSocket; value: number }[] = [];

  get text(): string {
    return this.doc.getText('content').toJSON();
  }

  get socket(): FakeSocket {
    const [first] = this.sockets;
    if (first === undefined) throw new Error('nobody is connected');
    return first;
  }

  connect(): FakeSocket {
    this.opened += 1;
    const socket = new FakeSocket(this);
    this.sockets.add(socket);
    queueMicrotask(() => {
      socket.accept();
      socket.deliver(encodeStep1(Y.encodeStateVector(this.doc)));
    });
    return socket;
  }

  received(socket: FakeSocket, data: Uint8Array): void {
    if (this.silent) return;
    const frame = decodeFrame(data);
    this.seen.push(frame);
    switch (frame.kind) {
      case 'step1':
        socket.deliver(encodeStep2(Y.encodeStateAsUpdate(this.doc, frame.vector)));
        return;
      case 'step2':
      case 'update':
        Y.applyUpdate(this.doc, frame.update);
        for (const other of this.sockets) if (other !== socket) other.deliver(encodeUpdate(frame.update));
        return;
      case 'marker':
        if (this.holdMarkers) this.#held.push({ socket, value: frame.value });
        else socket.deliver(encodeMarker(frame.value));
        return;
      default:
    }
  }

  releaseMarkers(): void {
    this.holdMarkers = false;
    for (const { socket, value } of this.#held.splice(0)) socket.deliver(encodeMarker(value));
  }

  /** Somebody else types. */
  insert(at: number, text: string): void {
    const before = Y.encodeStateVector(this.doc);
    this.doc.getText('content').insert(at, text);
    const update = Y.encodeStateAsUpdate(this.doc, before);
    for (const socket of this.sockets) socket.deliver(encodeUpdate(update));
  }

  /** The document is restored from a backup: the same text, a new history. */
  rebuild(text: string): void {
    this.doc = new Y.Doc();
    this.doc.getText('content').insert(0, text);
    this.epoch = `${this.epoch}+`;
  }
}
