// The load generator proper: clients and rooms, what they send, and what arrives when.
import { Hist, sleep } from './hist.mjs'
import { baseDocument, typedUpdates, TEXT } from './documents.mjs'
import { WebSocketClient, frame } from './websocket.mjs'
import { SYNC, AWARENESS, STEP1, STEP2, UPDATE, syncMessage, awarenessMessage, updateRanges, Reader, adapters } from './yproto.mjs'

const FIRST_CLIENT = 1_000_000 // Yjs client id of client 0 (ids are as long as real ones: 4 bytes and less)
const JOIN_TIMEOUT_MS = 60_000
const EMPTY = Buffer.from([0, 0]) // the update that changes nothing
const STEP1_EMPTY = syncMessage(STEP1, Buffer.from([0]))
const STEP2_EMPTY = syncMessage(STEP2, EMPTY)

/** FNV-1a; finds equal payloads without keeping a copy a client. */
export function fnv (buf, start = 0, end = buf.length) {
  let h = 0x811c9dc5
  for (let i = start; i < end; i++) h = Math.imul(h ^ buf[i], 0x01000193)
  return h
}

function same (a, buf, start, end) {
  if (a.length !== end - start) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== buf[start + i]) return false
  return true
}

/**
 * Everything one run needs. `roomId(name)` turns a room's name into the server's id for it.
 * Rooms keep each distinct update payload once; a client only keeps the list of payload numbers it got, so a delivery
 * costs a hash, a look-up and the latency arithmetic.
 */
export class Load {
  constructor ({ url, proto = 'yws', token = '', roomId }) {
    Object.assign(this, { base: url, adapter: adapters[proto], token, roomId })
    this.rooms = []
    this.clients = []
    this.sendTime = [] // ms; a typist's edit n is at its `first` + n
    this.editLatency = new Hist()
    this.cursorLatency = new Hist()
    this.lag = new Hist() // how late this generator acted
    this.trackCursors = false
    this.counting = false
    this.sentInWindow = 0
    this.frames = 0 // frames received in the window, of any sort
    this.delivered = 0 // edits (or cursors) seen by clients other than their author, in the window
    this.bytes = 0
    this.dropped = []
    this.errors = []
    this.unparsed = 0
    this._reader = new Reader()
  }

  addRoom (name, base = baseDocument(1)) {
    const room = { name: this.roomId(name), base, clients: [], byHash: new Map(), payloads: [] }
    this.rooms.push(room)
    return room
  }

  /** seed: this client brings the room's base document. cursor: it announces an awareness state. */
  addClient (room, { seed = false, cursor = false } = {}) {
    const c = {
      i: this.clients.length,
      id: FIRST_CLIENT + this.clients.length,
      room,
      seed,
      cursor,
      ws: null,
      synced: false,
      openedAt: 0,
      received: [], // numbers of the room's payloads
      replies: [], // sync replies (step 2)
      typed: [], // updates it can type; the first `sent` of them are out
      frames: [],
      sent: 0,
      first: 0,
      cursorClock: 0,
      cursorTimes: [0],
      cursorsSeen: null,
      onUpdate: null
    }
    this.clients.push(c)
    room.clients.push(c)
    return c
  }

  /** Open the socket and sync; resolves with the client once the server's step 2 is here. */
  connect (c) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('sync timed out for ' + c.room.name)), JOIN_TIMEOUT_MS)
      c.synced = false
      const ws = c.ws = new WebSocketClient(this.adapter.url(this.base, c.room.name, this.token))
      c._resolve = () => { clearTimeout(timer); resolve(c) }
      const begin = () => {
        this.send(c, STEP1_EMPTY)
        if (c.cursor) this.sendCursor(c)
      }
      ws.onopen = () => {
        c.openedAt = performance.now()
        if (this.adapter.hello) ws.sendFrame(frame(this.adapter.hello(c.room.name, this.token))); else begin()
      }
      ws.onframe = (buf, start, end) => this._onFrame(c, buf, start, end, begin)
      ws.onclose = why => {
        clearTimeout(timer)
        this.dropped.push(why)
        if (!c.synced) reject(new Error('closed before sync: ' + why))
      }
    })
  }

  /** Connect clients, `width` at a time. */
  async connectAll (clients = this.clients, width = 50) {
    const todo = clients.slice()
    const one = async () => { for (let c = todo.shift(); c; c = todo.shift()) await this.connect(c) }
    await Promise.all(Array.from({ length: width }, one))
  }

  close () { for (const c of this.clients) c.ws?.close() }

  // ---- sending
  framed (c, body) { return frame(this.adapter.wrap(c.room.name, body)) }
  send (c, body) { c.ws.sendFrame(this.framed(c, body)) }

  sendCursor (c) {
    c.cursorClock++
    const place = { type: null, tname: TEXT, item: { client: c.id, clock: c.cursorClock }, assoc: 0 }
    this.send(c, awarenessMessage(c.id, c.cursorClock, {
      user: { name: 'User number ' + c.i, color: '#30bced', colorLight: '#30bced33' },
      cursor: { anchor: place, head: place }
    }))
    c.cursorTimes[c.cursorClock] = performance.now()
    if (this.counting) this.sentInWindow++
  }

  /** Build the updates every typist will send (before the clock starts). */
  prepareTyping (typists, perTypist) {
    for (const c of typists) {
      c.typed = typedUpdates(c.room.base, c.id, c.room.clients.indexOf(c), perTypist)
      c.frames = c.typed.map(u => this.framed(c, syncMessage(UPDATE, u)))
      c.first = this.sendTime.length
      for (let i = 0; i < perTypist; i++) this.sendTime.push(Infinity)
    }
  }

  typeOne (c) {
    if (c.sent >= c.frames.length) return
    this.sendTime[c.first + c.sent] = performance.now()
    c.ws.sendFrame(c.frames[c.sent++])
    if (this.counting) this.sentInWindow++
  }

  // ---- receiving
  _onFrame (c, buf, start, end, begin) {
    if (this.counting) { this.frames++; this.bytes += end - start }
    const o = this.adapter.bodyOffset(buf, start)
    if (buf[o] === SYNC) this._onSync(c, buf, o + 1, end)
    else if (buf[o] === AWARENESS) {
      if (this.trackCursors) this._onAwareness(c, buf, o + 1, end)
    } else if (!c.synced && this.adapter.helloDone(buf, o)) begin()
  }

  _onSync (c, buf, o, end) {
    const r = this._reader.reset(buf, o + 1, end)
    if (buf[o] === UPDATE) {
      const n = r.u()
      this._onUpdate(c, buf, r.o, r.o + n)
    } else if (buf[o] === STEP2) {
      const n = r.u()
      const reply = Buffer.from(buf.subarray(r.o, r.o + n))
      c.replies.push(reply)
      c.onUpdate?.(reply)
      if (!c.synced) { c.synced = true; c._resolve() }
    } else if (buf[o] === STEP1) { // the seed answers with the base document, everybody else has nothing to give
      this.send(c, c.seed ? syncMessage(STEP2, c.room.base.update) : STEP2_EMPTY)
    }
  }

  _onUpdate (c, buf, start, end) {
    if (c.onUpdate) { c.onUpdate(Buffer.from(buf.subarray(start, end))); return }
    const p = this._payload(c.room, buf, start, end)
    c.received.push(p.n)
    if (p.edits.length === 0) return
    const now = performance.now()
    for (const edit of p.edits) {
      if (edit.author === c.i) continue // own echo
      if (this.counting) this.delivered++
      if (edit.at >= this.from && edit.at < this.until) this.editLatency.add(now - edit.at)
    }
  }

  _payload (room, buf, start, end) {
    const h = fnv(buf, start, end)
    const list = room.byHash.get(h)
    if (list !== undefined) for (const q of list) if (same(q.bytes, buf, start, end)) return q
    const p = { n: room.payloads.length, bytes: Buffer.from(buf.subarray(start, end)), edits: this._editsOf(buf, start, end) }
    room.payloads.push(p)
    if (list) list.push(p); else room.byHash.set(h, [p])
    return p
  }

  _editsOf (buf, start, end) {
    const out = []
    try {
      const ranges = updateRanges(buf, start, end)
      for (let k = 0; k < ranges.length; k += 3) {
        const a = this.clients[ranges[k] - FIRST_CLIENT]
        if (a === undefined) continue
        const last = Math.min(a.sent, ranges[k + 1] + ranges[k + 2])
        for (let x = ranges[k + 1]; x < last; x++) out.push({ author: a.i, at: this.sendTime[a.first + x] })
      }
    } catch (err) {
      this.unparsed++
      if (this.errors.length < 3) this.errors.push(String(err))
    }
    return out
  }

  _onAwareness (c, buf, start, end) {
    const r = this._reader.reset(buf, start, end)
    r.u()
    const n = r.u()
    const now = performance.now()
    const seen = c.cursorsSeen ?? (c.cursorsSeen = new Int32Array(this.clients.length))
    for (let k = 0; k < n; k++) {
      const who = r.u() - FIRST_CLIENT
      const clock = r.u()
      r.skip(r.u())
      const a = this.clients[who]
      if (a === undefined || who === c.i || clock > a.cursorClock) continue
      // a server may leave out states that a newer one replaces: those count as seen now
      for (let x = seen[who] + 1; x <= clock; x++) {
        const t = a.cursorTimes[x]
        if (this.counting) this.delivered++
        if (t >= this.from && t < this.until) this.cursorLatency.add(now - t)
      }
      if (clock > seen[who]) seen[who] = clock
    }
  }

  // ---- measuring
  /**
   * Run `act()` with `warm` seconds not counted and `secs` counted. Edits sent inside the window give the latencies.
   * `open()` starts the measuring of CPU and returns what ends it; the window's figures are the result.
   */
  async measured (warm, secs, open, act) {
    const now = performance.now()
    this.from = now + warm * 1000
    this.until = this.from + secs * 1000
    const running = act()
    await sleep(warm * 1000)
    this.counting = true
    const close = open()
    await sleep(this.until - performance.now())
    this.counting = false
    const window = close()
    await running
    return window
  }

  /** Wait until nothing has arrived for `quiet` ms, `max` ms at most. */
  async drain (max = 8000, quiet = 1000) {
    const end = performance.now() + max
    const total = () => this.clients.reduce((n, c) => n + c.received.length, 0)
    for (let last = total(), at = performance.now(); performance.now() < end && performance.now() - at < quiet;) {
      await sleep(100)
      const n = total()
      if (n !== last) { last = n; at = performance.now() }
    }
  }
}
