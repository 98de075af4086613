// F: kill -9 right after a second person saw an edit. What does a fresh client get after the restart?
import { rng, sleep } from '../hist.mjs'
import { baseDocument, textOf, typedText } from '../documents.mjs'
import { pace } from '../pace.mjs'
import { cpuWindow } from '../procstat.mjs'

const MAX_TYPING_SECS = 14
const MIN_TYPING_SECS = 2

/** One kill. lost: edits the watcher had seen and the fresh client lacks. doubled: more text than was ever typed. */
async function killOnce (o, server, name, secs) {
  await server.start()
  await sleep(500)
  await server.prepare(o.repeats)
  const load = server.load()
  const room = load.addRoom(name, baseDocument(2))
  const writer = load.addClient(room, { seed: true, cursor: true })
  const watcher = load.addClient(room, { cursor: true })
  load.prepareTyping([writer], Math.ceil(o.rate * (MAX_TYPING_SECS + 2)))
  await load.connect(writer)
  await sleep(300)
  await load.connect(watcher)
  await sleep(200)
  const close = cpuWindow(server.pid)
  await pace([writer], o.rate, secs, c => load.typeOne(c), undefined, Math.ceil(secs * 1000))
  const window = close()
  const before = watcher.received.length
  load.typeOne(writer)
  for (let k = 0; k < 2000 && watcher.received.length === before; k++) await new Promise(resolve => setImmediate(resolve))
  await server.stop('SIGKILL')
  const seen = [...new Set(watcher.received)].reduce((n, k) => n + room.payloads[k].edits.length, 0)
  load.close()
  const after = await whatIsLeft(server, name)
  await server.stop('SIGKILL')
  const kept = Math.max(0, after.text.length - room.base.text.length)
  const end = room.base.lineEnd(0)
  const want = room.base.text.slice(0, end) + typedText(kept) + room.base.text.slice(end)
  return {
    killAfterSec: secs,
    sent: writer.sent,
    seen,
    kept,
    lost: Math.max(0, seen - kept),
    doubled: Math.max(0, kept - writer.sent),
    intact: after.text === '' || after.text === want,
    error: after.error,
    genPct: window.genPct,
    foreignPct: window.foreignPct
  }
}

async function whatIsLeft (server, name) {
  await server.start()
  await sleep(500)
  const load = server.load()
  const c = load.addClient(load.addRoom(name))
  const updates = []
  c.onUpdate = u => updates.push(u)
  let error
  try {
    await load.connect(c)
    await sleep(1500)
  } catch (e) { error = String(e.message) }
  load.close()
  return { text: textOf(updates), error }
}

export async function kill (o, server) {
  const rand = rng(process.pid)
  const runs = []
  for (let i = 0; i < o.repeats; i++) {
    runs.push(await killOnce(o, server, 'k' + i, MIN_TYPING_SECS + rand() * (MAX_TYPING_SECS - MIN_TYPING_SECS)))
  }
  const sum = key => runs.reduce((n, r) => n + r[key], 0)
  return {
    rate: o.rate,
    kills: runs.length,
    seen: sum('seen'),
    lost: sum('lost'),
    doubled: sum('doubled'),
    intact: runs.every(r => r.intact),
    lostSecsMean: sum('lost') / runs.length / o.rate,
    lostSecsMax: Math.max(...runs.map(r => r.lost)) / o.rate,
    genPct: sum('genPct') / runs.length,
    foreignPct: sum('foreignPct') / runs.length,
    runs
  }
}
