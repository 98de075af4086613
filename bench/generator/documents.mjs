// Documents and the updates a real Yjs editor would send for them.
import { createRequire } from 'node:module'
import path from 'node:path'

if (!process.env.BENCH_DEPS) throw new Error('set BENCH_DEPS to the folder that `make -C bench setup` filled')
// yjs comes from there, so that this folder stays free of installed code
export const Y = createRequire(path.resolve(process.env.BENCH_DEPS, 'generator', 'from-here.js'))('yjs')

export const TEXT = process.env.BENCH_TEXT ?? 'content' // name of the shared Y.Text
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz '

/** A document of `lines` numbered lines; typists each type at the end of a line of their own. */
export function baseDocument (lines, width = 40) {
  const d = new Y.Doc()
  d.clientID = 999_999
  const text = Array.from({ length: lines }, (_, i) => `line ${i} `.padEnd(width, '.') + '\n').join('')
  d.getText(TEXT).insert(0, text)
  const ends = []
  for (let p = text.indexOf('\n'); p >= 0; p = text.indexOf('\n', p + 1)) ends.push(p)
  return { text, update: Buffer.from(Y.encodeStateAsUpdate(d)), lineEnd: i => ends[i] }
}

/** `count` single-character updates as an editor emits them, one transaction each, at the end of `line`. */
export function typedUpdates (base, clientID, line, count) {
  const d = new Y.Doc()
  Y.applyUpdate(d, base.update)
  d.clientID = clientID
  const t = d.getText(TEXT)
  const out = []
  d.on('update', u => out.push(Buffer.from(u)))
  const at = base.lineEnd(line)
  for (let i = 0; i < count; i++) t.insert(at + i, ALPHABET[i % ALPHABET.length])
  return out
}

/** The first `count` characters that typedUpdates() types. */
export const typedText = count => ALPHABET.repeat(Math.ceil(count / ALPHABET.length)).slice(0, count)

/** The text that a fresh Y.Doc has after these updates. */
export function textOf (updates) {
  const d = new Y.Doc()
  for (const u of updates) Y.applyUpdate(d, u)
  return d.getText(TEXT).toString()
}
