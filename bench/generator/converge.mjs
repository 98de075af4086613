// Did everybody end up with the same document?
import { textOf } from './documents.mjs'
import { fnv } from './load.mjs'

/**
 * Replay what each client received (plus what it typed itself and was not echoed) in a fresh Y.Doc and compare the text
 * with that of all edits sent in the room. Clients which received the same set of payloads share one replay.
 */
export function converged (load) {
  let good = 0; let bad = 0; let replays = 0
  for (const room of load.rooms) {
    const want = textOf([room.base.update, ...room.clients.flatMap(c => c.typed.slice(0, c.sent))])
    const known = new Map()
    for (const c of room.clients) {
      const got = [...new Set(c.received)].sort((a, b) => a - b)
      const own = ownUpdates(room, c, got)
      const key = [got.join(), own.length ? c.i : '', c.replies.map(b => fnv(b)).join()].join('|')
      if (!known.has(key)) {
        replays++
        known.set(key, textOf([...c.replies, ...own, ...got.map(n => room.payloads[n].bytes)]))
      }
      if (known.get(key) === want) good++; else bad++
    }
  }
  return { good, bad, replays }
}

function ownUpdates (room, c, got) {
  const own = c.seed ? [room.base.update] : []
  const echoed = new Set()
  for (const n of got) for (const edit of room.payloads[n].edits) if (edit.author === c.i) echoed.add(edit.at)
  if (echoed.size < c.sent) own.push(...c.typed.slice(0, c.sent))
  return own
}

/** Cursors: every client must know everybody's last position. */
export function cursorsConverged (load) {
  let good = 0; let bad = 0
  for (const c of load.clients) {
    for (const a of load.clients) {
      if (a === c) continue
      if (c.cursorsSeen?.[a.i] === a.cursorClock) good++; else bad++
    }
  }
  return { good, bad }
}
