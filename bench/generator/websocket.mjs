// A deliberately small WebSocket client on a raw TCP socket.
//
// Why not `ws`: the generator shares the machine with the server under test, so every microsecond per received frame
// counts. `onread` reads into one shared buffer (no stream, no allocation), frames are parsed in place, and frames to
// send are built ahead of time with a zero mask (legal, and free for us). No extension is offered, so nothing is ever
// compressed.
import net from 'node:net'

const sharedRead = Buffer.allocUnsafe(1 << 18)
const BINARY = 2; const CLOSE = 8; const PING = 9; const PONG = 10

/** Build a masked client frame (mask key 0) around `payload`. */
export function frame (payload, opcode = BINARY) {
  const n = payload.length
  const head = n < 126 ? 6 : n < 65536 ? 8 : 14
  const out = Buffer.alloc(head + n)
  out[0] = 0x80 | opcode
  if (n < 126) out[1] = 0x80 | n
  else if (n < 65536) { out[1] = 0x80 | 126; out.writeUInt16BE(n, 2) } else { out[1] = 0x80 | 127; out.writeBigUInt64BE(BigInt(n), 2) }
  out.set(payload, head)
  return out
}

export class WebSocketClient {
  /**
   * @param {string} url ws://host:port/path?query
   * Handlers are plain properties: onopen(), onframe(buf, start, end), onclose(reason).
   */
  constructor (url) {
    this.url = new URL(url)
    this.onopen = this.onframe = this.onclose = () => {}
    this.open = false
    this.closed = false
    this.bytesIn = 0
    this._rest = null // an incomplete frame (or handshake)
    this._fragments = null // payloads of a fragmented message
    this.sock = net.connect({
      host: this.url.hostname,
      port: Number(this.url.port || 80),
      noDelay: true,
      onread: { buffer: sharedRead, callback: (n, buf) => { this._data(buf, n); return true } }
    })
    this.sock.on('connect', () => this.sock.write(
      `GET ${this.url.pathname}${this.url.search} HTTP/1.1\r\nHost: ${this.url.host}\r\n` +
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'))
    this.sock.on('error', e => this._closed(String(e.code ?? e)))
    this.sock.on('close', () => this._closed('closed'))
  }

  /** `f` is a finished frame, see frame(). */
  sendFrame (f) { if (!this.closed) this.sock.write(f) }

  close () { this.closed = true; this.sock.destroy() }

  _closed (why) {
    if (this.closed) return
    this.closed = true
    this.sock.destroy()
    this.onclose(why)
  }

  _data (buf, n) {
    this.bytesIn += n
    let end = n
    if (this._rest !== null) {
      buf = this._joined(buf, n)
      if (buf === null) return
      end = this._rest.len
      this._rest = null
    }
    let off = 0
    if (!this.open) {
      off = this._handshake(buf, end)
      if (off < 0) return
    }
    while (off < end && !this.closed) {
      const next = this._frame(buf, off, end)
      if (next < 0) return
      off = next
    }
  }

  /** Put `n` more bytes behind the rest; null while the frame is still incomplete. Grows by doubling. */
  _joined (buf, n) {
    const r = this._rest
    if (r.cap.length < r.len + n) {
      const bigger = Buffer.allocUnsafe(Math.max(r.cap.length * 2, r.len + n))
      r.cap.copy(bigger, 0, 0, r.len)
      r.cap = bigger
    }
    buf.copy(r.cap, r.len, 0, n)
    r.len += n
    return r.len < r.need ? null : r.cap
  }

  _handshake (buf, end) {
    const i = buf.subarray(0, end).indexOf('\r\n\r\n')
    if (i < 0) { this._keep(buf, 0, end, 0); return -1 }
    const status = buf.toString('latin1', 0, 12)
    if (!status.startsWith('HTTP/1.1 101')) { this._closed('handshake: ' + status); return -1 }
    this.open = true
    this.onopen()
    return i + 4
  }

  /** Handle one frame at `off`; the offset behind it, or -1 when it is incomplete. */
  _frame (buf, off, end) {
    if (end - off < 2) return this._keep(buf, off, end, 2)
    const b0 = buf[off]
    let len = buf[off + 1] & 127
    let p = off + 2
    if (len === 126) {
      if (end - off < 4) return this._keep(buf, off, end, 4)
      len = buf.readUInt16BE(p); p += 2
    } else if (len === 127) {
      if (end - off < 10) return this._keep(buf, off, end, 10)
      len = Number(buf.readBigUInt64BE(p)); p += 8
    }
    if (end - p < len) return this._keep(buf, off, end, p - off + len)
    this._message(b0 & 15, (b0 & 0x80) !== 0, buf, p, p + len)
    return p + len
  }

  _message (opcode, final, buf, start, end) {
    if (opcode === BINARY && final) this.onframe(buf, start, end)
    else if (opcode === PING) this.sendFrame(frame(Buffer.from(buf.subarray(start, end)), PONG))
    else if (opcode === CLOSE) this._closed('close frame ' + (end - start >= 2 ? buf.readUInt16BE(start) : ''))
    else if (opcode === 0 || opcode === BINARY) {
      if (opcode === BINARY) this._fragments = []
      this._fragments.push(Buffer.from(buf.subarray(start, end)))
      if (!final) return
      const whole = Buffer.concat(this._fragments)
      this._fragments = null
      this.onframe(whole, 0, whole.length)
    }
  }

  _keep (buf, off, end, need) {
    const len = end - off
    const cap = Buffer.allocUnsafe(Math.max(need, len, 256))
    buf.copy(cap, 0, off, end)
    this._rest = { cap, len, need }
    return -1
  }
}
