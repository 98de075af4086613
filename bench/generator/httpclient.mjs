// HTTP/1.1 over one kept-alive connection, one request at a time; just enough for a server that sends content-length.
import net from 'node:net'

export class HttpConnection {
  constructor (host, port) {
    this.host = `${host}:${port}`
    this._got = Buffer.alloc(0)
    this._waiting = null
    this._lost = null
    this.sock = net.connect({ host, port, noDelay: true })
    this.sock.on('data', chunk => { this._got = this._got.length ? Buffer.concat([this._got, chunk]) : chunk; this._answer() })
    this.sock.on('error', e => this._fail(e))
    this.sock.on('close', () => this._fail(new Error('the server closed the connection')))
  }

  close () { this.sock.destroy() }

  /** `headers`: lines that end in CRLF. Resolves with {status, etag, body}. */
  request (method, path, headers, body = '') {
    return new Promise((resolve, reject) => {
      if (this._lost) { reject(this._lost); return }
      this._waiting = { resolve, reject }
      const length = body ? `content-length: ${Buffer.byteLength(body)}\r\n` : ''
      this.sock.write(`${method} ${path} HTTP/1.1\r\nhost: ${this.host}\r\n${headers}${length}\r\n${body}`)
    })
  }

  _answer () {
    const end = this._got.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this._got.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    if (this._got.length < end + 4 + length) return
    const body = this._got.toString('utf8', end + 4, end + 4 + length)
    this._got = this._got.subarray(end + 4 + length)
    const { resolve } = this._waiting
    this._waiting = null
    resolve({ status: Number(head.slice(9, 12)), etag: /\r\netag: *([^\r]+)/i.exec(head)?.[1] ?? null, body })
  }

  _fail (error) {
    this._lost = error
    this._waiting?.reject(error)
    this._waiting = null
  }
}
