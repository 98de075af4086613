// E: a document with a long real history, joined right after the server started.
import fs from 'node:fs'
import { Hist, median, sleep } from '../hist.mjs'
import { TEXT, Y } from '../documents.mjs'
import { cpuSeconds, cpuWindow, rssBytes } from '../procstat.mjs'
import { UPDATE, syncMessage } from '../yproto.mjs'

const JOIN_TIMEOUT_MS = 30_000
const UPLOAD_TIMEOUT_MS = 240_000

/**
 * Join a document of known text: time from the open socket to the arrival of the last byte needed.
 * Without `size` every message is decoded as it comes (after its time stamp) until the text is whole. With `size` (what
 * the first such join received) bytes are counted and nothing is decoded until later, so that many joins at once do not
 * wait for the generator's own decoding.
 */
async function join (load, room, want, size = 0) {
  const c = load.addClient(room)
  const d = new Y.Doc()
  const got = []
  let bytes = 0
  let needed = 0
  let timer
  const whole = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`document not complete, ${bytes} bytes`)), JOIN_TIMEOUT_MS)
    c.onUpdate = u => {
      const t = performance.now()
      got.push(u)
      bytes += u.length
      if (needed) return // whole already (a server may send the document twice)
      if (!size) Y.applyUpdate(d, u)
      if (size ? bytes >= size : d.getText(TEXT).length === want.length) { needed = bytes; resolve(t) }
    }
  })
  const t0 = performance.now()
  await load.connect(c)
  const at = await whole
  clearTimeout(timer)
  const ok = () => {
    if (size) for (const u of got) Y.applyUpdate(d, u)
    return d.getText(TEXT).toString() === want
  }
  return { connectMs: c.openedAt - t0, syncMs: at - c.openedAt, ok, needed, bytes: () => bytes }
}

/** Send the history, see it arrive at a second client, and give the server the time its debounce or queue needs. */
async function upload (server, updates) {
  const load = server.load()
  const room = load.addRoom('doc')
  const writer = load.addClient(room)
  const reader = load.addClient(room)
  let seen = 0
  reader.onUpdate = u => { seen += u.length }
  await load.connect(writer)
  await load.connect(reader)
  const t0 = performance.now()
  const cpu0 = cpuSeconds(server.pid)
  for (const [i, u] of updates.entries()) {
    load.send(writer, syncMessage(UPDATE, u))
    if (i % 50 === 49) await sleep(1)
  }
  const size = updates.reduce((n, u) => n + u.length, 0)
  for (let last = -1; last !== seen || seen < size / 2;) {
    last = seen
    await sleep(1500)
    if (writer.ws.closed) throw new Error('upload: ' + load.dropped.join())
    if (performance.now() - t0 > UPLOAD_TIMEOUT_MS) throw new Error(`upload: the reader saw ${seen} of ${size} bytes`)
  }
  const secs = (performance.now() - t0) / 1000
  const cpu = cpuSeconds(server.pid).total - cpu0.total
  await quiet(server)
  load.close()
  await quiet(server)
  return { uploadSecs: secs, uploadCpuSec: cpu }
}

/** Wait until the server has used no CPU for a second, 4 s at least, 60 s at most. */
async function quiet (server) {
  let last = -1
  for (let i = 0; i < 60; i++) {
    const now = cpuSeconds(server.pid).total
    if (i > 3 && now - last < 0.02) return
    last = now
    await sleep(1000)
  }
}

/** Start the server, join once (cold), then `clients` times at once (hot), stop it. */
async function restartAndJoin (o, server, text) {
  await server.start()
  await sleep(1000)
  const load = server.load()
  try {
    const room = load.addRoom('doc')
    const rssIdle = rssBytes(server.pid)
    const cpu0 = cpuSeconds(server.pid)
    const close = cpuWindow(server.pid)
    const first = await join(load, room, text)
    const cpu1 = cpuSeconds(server.pid)
    const rssLoaded = rssBytes(server.pid)
    const joins = Array.from({ length: o.clients }, () => join(load, room, text, first.needed - 100))
    const hot = await Promise.all(joins)
    const cpu2 = cpuSeconds(server.pid)
    const window = close()
    const h = new Hist()
    for (const x of hot) h.add(x.connectMs + x.syncMs)
    return {
      coldMs: first.syncMs,
      coldWithConnectMs: first.connectMs + first.syncMs,
      ok: first.ok() && hot[0].ok() && hot.at(-1).ok(),
      bytesNeeded: first.needed,
      bytesGot: first.bytes(),
      coldCpuMs: 1000 * (cpu1.total - cpu0.total),
      rssIdleMB: rssIdle / 1e6,
      rssLoadedMB: rssLoaded / 1e6,
      hotP50Ms: h.quantile(0.5),
      hotMaxMs: h.max,
      hotCpuMsPerJoin: 1000 * (cpu2.total - cpu1.total) / o.clients,
      foreignPct: window.foreignPct
    }
  } catch (e) {
    return { error: String(e.message) }
  } finally {
    load.close()
    await server.stop()
  }
}

export async function cold (o, server) {
  const file = JSON.parse(fs.readFileSync(o.doc, 'utf8'))
  const updates = file.updates.map(u => Buffer.from(u, 'base64'))
  await server.start()
  await sleep(500)
  await server.prepare(1)
  const uploaded = await upload(server, updates)
  await server.stop('SIGTERM')
  const runs = []
  for (let i = 0; i < o.repeats; i++) runs.push(await restartAndJoin(o, server, file.text))
  const good = runs.filter(r => !r.error)
  if (!good.length) throw new Error('no join worked: ' + runs[0].error)
  const middle = Object.fromEntries(Object.keys(good[0]).filter(k => k !== 'ok').map(k => [k, median(good.map(r => r[k]))]))
  const { foreignPct, ...rest } = middle
  return { doc: file.name, chars: file.text.length, updates: updates.length, ...uploaded, foreignPct, median: rest, runs }
}
