// Makes histories of people writing together with genuine Yjs, and replays logs with it.
//
//   node histories.mjs generate COUNT SEED   one JSON line a history: {updates: [{user, merge, parts}], text, state}
//   node histories.mjs replay                one JSON line in, a list of updates; one out, {text, state}
//
// Bytes travel as base64. `parts` are updates in the order in which a server gets them; where `merge` is true they are one
// update each for pycrdt to merge first, as a server in Python would.

import { createInterface } from 'node:readline'
import * as Y from 'yjs'

const TEXT = 'content'
const WORDS = [
  'a', 'b', ' ', '\n', 'the ', 'word', '# Title\n', '- item\n', '**bold**', '`code`', '\r\n', '\t', '\ufeff',
  'é', 'ñandú ', 'Zürich', 'e\u0301', 'Ω≈ç', '日本語', '한국어', 'שלום', 'مرحبا', '\ufffd',
  '😀', '👍🏽', '👩‍👩‍👧', '🇨🇭', '𝒳𝒴', 'a😀b', '😀😀', '\u{10ffff}',
]

/** A small seeded generator (mulberry32), so that a seed names a history. */
function random (seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const base64 = bytes => Buffer.from(bytes).toString('base64')

/** An index moved back off the middle of a surrogate pair, where no editor puts its cursor. */
function boundary (text, index) {
  const unit = text.charCodeAt(index)
  return unit >= 0xdc00 && unit < 0xe000 ? index - 1 : index
}

/** A browser tab: one Y.Doc, online or not, with what it made since it was last in step. */
class Tab {
  constructor (history, user) {
    this.history = history
    this.user = user
    this.online = true
    this.kept = []
    this.open()
  }

  /** Start as a freshly opened page with everything this user's browser has: a new client id, the same text. */
  open (state) {
    this.doc = new Y.Doc({ gc: this.history.pick() < 0.8 })
    this.doc.clientID = Math.floor(this.history.pick() * 2 ** 32)
    this.text = this.doc.getText(TEXT)
    if (state) Y.applyUpdate(this.doc, state)
    this.undo = new Y.UndoManager(this.text, { captureTimeout: 0 })
    this.doc.on('update', (update, origin) => {
      if (origin === this.history) return
      if (this.online) this.history.receive(this, [update])
      else this.kept.push(update)
    })
  }

  edit () {
    const pick = this.history.pick
    const length = this.text.length
    const choice = pick()
    if (choice < 0.05) return void this.undo.undo()
    if (choice < 0.08) return void this.undo.redo()
    const value = this.text.toString()
    if (choice < 0.3 && length > 0) {
      const start = boundary(value, Math.floor(pick() * length))
      const end = boundary(value, Math.min(length, start + 1 + Math.floor(pick() ** 3 * 12)))
      if (end > start) this.text.delete(start, end - start)
      return
    }
    this.doc.transact(() => {
      const place = pick()
      const index = place < 0.15 ? 0 : place < 0.4 ? length : boundary(value, Math.floor(pick() * (length + 1)))
      if (choice < 0.36 && index < length) {
        const end = boundary(value, Math.min(length, index + 3))
        if (end > index) this.text.delete(index, end - index)
      }
      const words = choice > 0.97 ? 40 : 1 + Math.floor(pick() ** 4 * 6)
      let added = ''
      for (let i = 0; i < words; i++) added += WORDS[Math.floor(pick() * WORDS.length)]
      this.text.insert(index, added)
      if (choice > 0.9 && index > 0) this.text.insert(0, '> ')
    }, this.undo)
  }

  /** Come back: send what was made meanwhile in one of the ways that clients do, then take the rest. */
  connect () {
    const { history, doc, kept } = this
    const way = history.pick()
    const server = history.server
    if (way < 0.3) history.receive(this, [Y.encodeStateAsUpdate(doc, Y.encodeStateVector(server))])
    else if (way < 0.45) history.receive(this, [Y.encodeStateAsUpdate(doc)])
    else if (kept.length === 0) history.receive(this, [Y.encodeStateAsUpdate(doc, Y.encodeStateVector(server))])
    else if (way < 0.6) history.receive(this, [Y.mergeUpdates(kept)])
    else if (way < 0.75) history.receive(this, kept, true)
    else if (way < 0.85) history.receive(this, [Y.mergeUpdates([...kept].reverse())])
    else if (way < 0.9) history.receive(this, [Y.diffUpdate(Y.encodeStateAsUpdate(doc), Y.encodeStateVector(server))])
    else for (const update of kept) history.receive(this, [update])
    this.kept = []
    this.online = true
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(server, Y.encodeStateVector(doc)), history)
  }
}

class History {
  constructor (seed) {
    this.pick = random(seed)
    this.updates = []
    this.server = new Y.Doc()
    this.server.getText(TEXT)
    const tabs = 1 + Math.floor(this.pick() * 4)
    this.tabs = Array.from({ length: tabs }, (_, index) => new Tab(this, `user-${index}`))
  }

  receive (tab, parts, merge = false) {
    this.updates.push({ user: tab.user, merge, parts: parts.map(base64) })
    for (const part of parts) Y.applyUpdate(this.server, part)
    for (const other of this.tabs) {
      if (other !== tab && other.online) for (const part of parts) Y.applyUpdate(other.doc, part, this)
    }
  }

  run () {
    const steps = 20 + Math.floor(this.pick() * 80)
    for (let step = 0; step < steps; step++) {
      const tab = this.tabs[Math.floor(this.pick() * this.tabs.length)]
      const choice = this.pick()
      if (choice < 0.06 && tab.online) tab.online = false
      else if (choice < 0.14 && !tab.online) tab.connect()
      else if (choice < 0.17) {
        const state = Y.encodeStateAsUpdate(tab.doc)
        tab.doc.destroy()
        tab.open(state)
      } else tab.edit()
    }
    for (const tab of this.tabs) if (!tab.online) tab.connect()
    return { updates: this.updates, text: this.server.getText(TEXT).toString(), state: base64(Y.encodeStateVector(this.server)) }
  }
}

function replay (updates) {
  const doc = new Y.Doc()
  const text = doc.getText(TEXT)
  for (const update of updates) Y.applyUpdate(doc, Buffer.from(update, 'base64'))
  return { text: text.toString(), state: base64(Y.encodeStateVector(doc)), pending: doc.store.pendingStructs !== null }
}

async function write (value) {
  if (!process.stdout.write(JSON.stringify(value) + '\n')) await new Promise(resolve => process.stdout.once('drain', resolve))
}

const [command, count, seed] = process.argv.slice(2)
if (command === 'generate') {
  for (let index = 0; index < Number(count); index++) await write(new History(Number(seed) + index).run())
} else if (command === 'replay') {
  for await (const line of createInterface({ input: process.stdin })) await write(replay(JSON.parse(line)))
} else {
  process.stderr.write('usage: node histories.mjs generate COUNT SEED | replay\n')
  process.exitCode = 2
}
