// The server under test: start it, stop it, and make the rooms it wants to have before they are joined.
import fs from 'node:fs'
import net from 'node:net'
import { exec, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { sleep } from './hist.mjs'
import { Load } from './load.mjs'

const LISTEN_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 12_000
const run = promisify(exec)

const pinned = core => core === '' ? [] : ['taskset', '-c', core]

/** Options: url, proto, token, cmd, core, prepare (a command), pid (of a server that runs already). */
export class Server {
  constructor (options) {
    this.o = options
    this.child = null
    this.pid = options.pid ? Number(options.pid) : null
    this.stopped = false
    this.made = null // what `prepare` said
    this.ids = new Map() // room name -> the server's id
    this.unique = process.pid.toString(36) + Date.now().toString(36).slice(-4) // names never repeat
  }

  async start () {
    if (!this.o.cmd && this.pid && !this.stopped) return // it runs already
    if (!this.o.cmd) throw new Error('this scenario restarts the server and needs --cmd')
    const log = process.env.BENCH_LOG ? fs.openSync(process.env.BENCH_LOG, 'a') : 'ignore'
    const argv = [...pinned(this.o.core), 'sh', '-c', 'exec ' + this.o.cmd]
    this.child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', log, log] })
    this.pid = this.child.pid
    if (log !== 'ignore') fs.closeSync(log)
    const end = performance.now() + LISTEN_TIMEOUT_MS
    while (!await this._listens()) {
      if (this._gone()) throw new Error(`server exited with ${this.child.exitCode ?? this.child.signalCode}`)
      if (performance.now() > end) throw new Error('server did not listen')
      await sleep(50)
    }
  }

  async stop (signal = 'SIGTERM') {
    this.stopped = true
    if (!this.child || this._gone()) return
    const gone = new Promise(resolve => this.child.once('exit', resolve))
    this.child.kill(signal)
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await gone
    clearTimeout(timer)
  }

  _gone () { return this.child.exitCode !== null || this.child.signalCode !== null }

  _listens () {
    const u = new URL(this.o.url)
    return new Promise(resolve => {
      const s = net.connect(Number(u.port), u.hostname, () => { s.destroy(); resolve(true) })
      s.on('error', () => resolve(false))
    })
  }

  /**
   * Run the prepare command, once, for `rooms` rooms. It prints {"rooms": [...], "token": "..."} as its last line. `settled`: it
   * waits until what making them left behind is done, which would be counted as the price of what is measured.
   */
  async prepare (rooms, { settled = false } = {}) {
    if (!this.o.prepare || this.made) return
    const env = { ...process.env, ROOMS: String(rooms), BENCH_URL: this.o.url, SETTLED: settled ? '1' : '0' }
    const { stdout } = await run(this.o.prepare, { env, maxBuffer: 1 << 26 })
    this.made = JSON.parse(stdout.trim().split('\n').at(-1))
  }

  get token () { return this.made?.token ?? this.o.token }

  load () {
    const roomId = name => {
      if (!this.made) return `${this.unique}-${name}`
      if (!this.ids.has(name)) this.ids.set(name, this.made.rooms[this.ids.size])
      return this.ids.get(name)
    }
    return new Load({ url: this.o.url, proto: this.o.proto, token: this.token, roomId })
  }
}
