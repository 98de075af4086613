// A, B: people who type. D: people who move their cursor.
import { sleep } from '../hist.mjs'
import { baseDocument } from '../documents.mjs'
import { pace } from '../pace.mjs'
import { converged, cursorsConverged } from '../converge.mjs'
import { cpuWindow, rssBytes } from '../procstat.mjs'

/** What a window in which people type or move says; `expected`: arrivals if nothing is left behind. */
function figures (load, window, hist, expected, pid) {
  return {
    sent: load.sentInWindow,
    sentPerSec: load.sentInWindow / window.secs,
    delivered: load.delivered,
    deliveredPerSec: load.delivered / window.secs,
    framesPerSec: load.frames / window.secs,
    bytesPerSec: load.bytes / window.secs,
    deliveredOfExpected: load.delivered / (expected || 1),
    serverCpuSec: window.server,
    serverPct: window.serverPct,
    cpuSecPer1kSent: 1000 * window.server.total / load.sentInWindow,
    cpuSecPer1MDelivered: 1e6 * window.server.total / load.delivered,
    latencyMs: hist.json(),
    genPct: window.genPct,
    genLagP99Ms: load.lag.quantile(0.99),
    foreignPct: window.foreignPct,
    rssMB: rssBytes(pid) / 1e6,
    dropped: load.dropped.length,
    unparsed: load.unparsed,
    errors: load.errors
  }
}

async function measure (o, server, load, clients, act) {
  const late = ms => { if (load.counting) load.lag.add(ms) }
  const open = () => { o.during?.(server.pid, o.secs); return cpuWindow(server.pid) }
  return load.measured(o.warm, o.secs, open, () => pace(clients, o.rate, o.warm + o.secs + 0.2, act, late))
}

/** `rooms` rooms of `clients` people, of whom `typists` type `rate` single characters a second. */
export async function typing (o, server) {
  await server.start()
  await server.prepare(o.rooms, { settled: true })
  const load = server.load()
  const rssStart = rssBytes(server.pid)
  const base = baseDocument(o.clients)
  const typists = []
  for (let r = 0; r < o.rooms; r++) {
    const room = load.addRoom('t' + r, base)
    for (let k = 0; k < o.clients; k++) {
      const c = load.addClient(room, { seed: k === 0, cursor: true })
      if (k < o.typists) typists.push(c)
    }
  }
  load.prepareTyping(typists, Math.ceil(o.rate * (o.warm + o.secs + 1)) + 2)
  await load.connectAll(load.rooms.map(r => r.clients[0]))
  await sleep(500)
  await load.connectAll(load.rooms.flatMap(r => r.clients.slice(1)))
  await sleep(1000)
  const window = await measure(o, server, load, typists, c => load.typeOne(c))
  const f = figures(load, window, load.editLatency, load.sentInWindow * (o.clients - 1), server.pid)
  await load.drain()
  f.converged = converged(load)
  f.rssStartMB = rssStart / 1e6
  load.close()
  return { rooms: o.rooms, clients: o.rooms * o.clients, typists: typists.length, rate: o.rate, ...f }
}

/** One room; each client moves its cursor `rate` times a second. */
export async function cursors (o, server) {
  await server.start()
  await server.prepare(1, { settled: true })
  const load = server.load()
  load.trackCursors = true
  const room = load.addRoom('c', baseDocument(o.clients))
  for (let k = 0; k < o.clients; k++) load.addClient(room, { seed: k === 0, cursor: true })
  await load.connect(room.clients[0])
  await sleep(300)
  await load.connectAll(room.clients.slice(1), 10)
  await sleep(1000)
  const window = await measure(o, server, load, load.clients, c => load.sendCursor(c))
  const f = figures(load, window, load.cursorLatency, load.sentInWindow * (o.clients - 1), server.pid)
  await sleep(1500)
  f.converged = cursorsConverged(load)
  load.close()
  return { clients: o.clients, rate: o.rate, ...f }
}
