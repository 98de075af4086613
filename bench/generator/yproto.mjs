// The bits of the Yjs wire formats that the generator needs, and one adapter per framing.
// Varints are lib0's (7 bits a byte, little end first).

export const SYNC = 0; export const AWARENESS = 1; export const AUTH = 2
export const STEP1 = 0; export const STEP2 = 1; export const UPDATE = 2

// ---- writing
export function varuint (n) {
  const out = []
  while (n > 127) { out.push((n % 128) | 128); n = Math.floor(n / 128) }
  out.push(n)
  return Buffer.from(out)
}
export const varbytes = b => Buffer.concat([varuint(b.length), b])
export const varstr = s => varbytes(Buffer.from(s))
export const syncMessage = (kind, payload) => Buffer.concat([Buffer.from([SYNC, kind]), varbytes(payload)])

/** Awareness message announcing one client's state. */
export function awarenessMessage (clientId, clock, state) {
  const update = Buffer.concat([varuint(1), varuint(clientId), varuint(clock), varstr(JSON.stringify(state))])
  return Buffer.concat([varuint(AWARENESS), varbytes(update)])
}

// ---- reading
export class Reader {
  constructor () { this.b = null; this.o = 0; this.e = 0 }
  reset (b, o, e) { this.b = b; this.o = o; this.e = e; return this }
  u () {
    const b = this.b
    let x = b[this.o++]
    if (x < 128) return x
    let n = x & 127
    let m = 128
    do { x = b[this.o++]; n += (x & 127) * m; m *= 128 } while (x >= 128 && this.o < this.e)
    return n
  }

  skip (n) { this.o += n }
}

const GC = 0; const DELETED = 1; const STRING = 4; const SKIP = 10

/**
 * Which (client, clock, length) ranges does a v1 update insert? A flat array of those three numbers.
 * Knows the structs a plain text session makes (strings, deletions, GC, skips); servers may merge several updates into
 * one, so all of it is walked. Throws on any other content.
 */
export function updateRanges (buf, start, end) {
  const r = new Reader().reset(buf, start, end)
  const out = []
  const clients = r.u()
  for (let c = 0; c < clients; c++) {
    const n = r.u()
    const client = r.u()
    let clock = r.u()
    for (let i = 0; i < n; i++) {
      const info = buf[r.o++]
      const kind = info & 31
      if (kind === SKIP) { clock += r.u(); continue }
      const len = kind === GC ? r.u() : itemLength(r, info)
      out.push(client, clock, len)
      clock += len
    }
  }
  return out
}

function itemLength (r, info) {
  const buf = r.b
  if (info & 0x80) { r.u(); r.u() } // left origin
  if (info & 0x40) { r.u(); r.u() } // right origin
  if ((info & 0xc0) === 0) { // parent given
    if (r.u() === 1) r.skip(r.u()); else { r.u(); r.u() }
    if (info & 0x20) r.skip(r.u()) // parent key
  }
  const kind = info & 31
  if (kind === DELETED) return r.u()
  if (kind !== STRING) throw new Error('struct kind ' + kind + ' not known to updateRanges')
  const bytes = r.u()
  const len = buf.toString('utf8', r.o, r.o + bytes).length // Yjs counts UTF-16 units
  r.skip(bytes)
  return len
}

// ---- adapters
// An adapter turns (room, message body) into a frame payload and back. `body` starts at the message type (0 sync,
// 1 awareness, ...), as in y-protocols.

/** y-websocket: the room is the end of the URL path; messages are bare. */
const yws = {
  url: (base, room, token) => base.replace(/\/$/, '') + '/' + room + (token ? '?token=' + encodeURIComponent(token) : ''),
  hello: null, // no handshake of its own: sync starts when the socket opens
  wrap: (_room, body) => body,
  bodyOffset: (_buf, start) => start,
  helloDone: () => false
}

/** Hocuspocus: one URL; every message starts with the document's name; an Auth message comes first. */
const hocuspocus = {
  url: base => base,
  hello: (room, token) => Buffer.concat([varstr(room), varuint(AUTH), varuint(0), varstr(token || 'bench'), varstr('4.7.0')]),
  wrap: (room, body) => Buffer.concat([varstr(room), body]),
  bodyOffset: (buf, start) => start + 1 + buf[start], // names used here are shorter than 128 bytes
  helloDone: (buf, o) => buf[o] === AUTH && buf[o + 1] === 2
}

export const adapters = { yws, hocuspocus }
