// C: many connections that do nothing. Memory and CPU a connection.
import { sleep } from '../hist.mjs'
import { baseDocument } from '../documents.mjs'
import { cpuSeconds, cpuWindow, rssBytes } from '../procstat.mjs'

/**
 * `clients` connections spread over `rooms` rooms, each with 2 kB of text; every client announces a cursor.
 * rssPerClientKB counts from before any room was made over HTTP, so what making them left behind counts too.
 */
export async function idle (o, server) {
  await server.start()
  await sleep(1000)
  const rssFresh = rssBytes(server.pid)
  await server.prepare(o.rooms)
  const load = server.load()
  const base = baseDocument(25, 80)
  for (let r = 0; r < o.rooms; r++) load.addRoom('i' + r, base)
  for (let k = 0; k < o.clients; k++) load.addClient(load.rooms[k % o.rooms], { seed: k < o.rooms, cursor: true })
  await sleep(1000)
  const rssStart = rssBytes(server.pid)
  const t0 = performance.now()
  const cpu0 = cpuSeconds(server.pid)
  o.during?.(server.pid, o.secs)
  await load.connectAll(load.clients.slice(0, o.rooms))
  await sleep(300)
  await load.connectAll(load.clients.slice(o.rooms))
  const connectSecs = (performance.now() - t0) / 1000
  const cpu1 = cpuSeconds(server.pid)
  await sleep(o.settle * 1000)
  const window = await load.measured(0, o.secs, () => cpuWindow(server.pid), () => sleep(o.secs * 1000))
  const rss = rssBytes(server.pid)
  const f = {
    clients: o.clients,
    rooms: o.rooms,
    connected: load.clients.filter(c => c.synced && !c.ws.closed).length,
    rssFreshMB: rssFresh / 1e6,
    rssStartMB: rssStart / 1e6,
    rssMB: rss / 1e6,
    rssPerClientKB: (rss - rssFresh) / 1e3 / o.clients,
    rssPerClientAfterPrepareKB: (rss - rssStart) / 1e3 / o.clients,
    connectSecs,
    connectCpuMsPerClient: 1000 * (cpu1.total - cpu0.total) / o.clients,
    idleServerPct: window.serverPct,
    genPct: window.genPct,
    foreignPct: window.foreignPct,
    dropped: load.dropped.length
  }
  load.close()
  return f
}
