// Replay a sequential editing trace ({txns: [{patches: [[pos, del, ins]]}], endContent}) in Yjs.
// node trace.mjs trace.json.gz out.json [PIECES]   writes {name, ops, text, updates: [base64]}
// PIECES=1: the finished document as one update (what one client with the whole document would send), built with one
// transaction an edit as an editor does. PIECES=n: the history cut in n updates of equal op count, as a long session
// would have sent them.
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { Y, TEXT } from './documents.mjs'

const [source, out, pieces = '1'] = process.argv.slice(2)
const raw = fs.readFileSync(source)
const trace = JSON.parse(source.endsWith('.gz') ? zlib.gunzipSync(raw) : raw)
const d = new Y.Doc()
d.clientID = 424_242
const t = d.getText(TEXT)
const updates = []
const base64 = u => Buffer.from(u).toString('base64')
if (pieces !== '1') d.on('update', u => updates.push(base64(u)))
const step = pieces === '1' ? 1 : Math.ceil(trace.txns.length / Number(pieces)) // edits in one Yjs transaction
let ops = 0
for (let i = 0; i < trace.txns.length; i += step) {
  d.transact(() => {
    for (const [pos, del, ins] of trace.txns.slice(i, i + step).flatMap(x => x.patches)) {
      ops++
      if (del) t.delete(pos, del)
      if (ins) t.insert(pos, ins)
    }
  })
}
if (t.toString() !== trace.endContent) throw new Error('the replay differs from endContent')
if (pieces === '1') updates.push(base64(Y.encodeStateAsUpdate(d)))
fs.writeFileSync(out, JSON.stringify({ name: path.basename(source), ops, text: t.toString(), updates }))
const bytes = updates.reduce((n, u) => n + u.length * 3 / 4, 0)
console.log(`${ops} ops, ${updates.length} updates, ${bytes} bytes, text of ${t.length} characters`)
