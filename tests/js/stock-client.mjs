// Two stock y-websocket clients in one document: they type, see each other, and say what they ended up with.
// node stock-client.mjs WS_URL DOCUMENT TOKEN FIRST SECOND
import process from 'node:process'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const [url, room, token, first, second] = process.argv.slice(2)

function join (name) {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(url, room, doc, { params: { token }, WebSocketPolyfill: WebSocket, disableBc: true })
  provider.awareness.setLocalStateField('user', { name })
  return { doc, provider, text: doc.getText('content') }
}

/** Resolves when `test` holds; asked after each change of the document or of who is here. */
const until = ({ doc, provider }, test) => new Promise(resolve => {
  const look = () => { if (test()) { doc.off('update', look); provider.awareness.off('change', look); resolve() } }
  doc.on('update', look)
  provider.awareness.on('change', look)
  look()
})
const synced = ({ provider }) => provider.synced ? Promise.resolve() : new Promise(resolve => provider.once('sync', resolve))

const ann = join('Ann')
const bob = join('Bob')
await Promise.all([synced(ann), synced(bob)])
ann.text.insert(0, first)
bob.text.insert(bob.text.length, second)
const whole = text => text.toString().includes(first) && text.toString().includes(second)
await Promise.all([until(ann, () => whole(ann.text)), until(bob, () => whole(bob.text))])
await until(ann, () => ann.provider.awareness.getStates().size === 2)
const users = [...ann.provider.awareness.getStates().values()].map(state => state.user?.id).filter(Boolean)
// Connection lost, something typed meanwhile, connection back.
ann.provider.disconnect()
ann.text.insert(0, 'offline ')
bob.text.insert(0, 'online ')
ann.provider.connect()
const merged = text => text.toString().includes('offline ') && text.toString().includes('online ')
await Promise.all([until(ann, () => merged(ann.text)), until(bob, () => merged(bob.text))])
process.stdout.write(JSON.stringify({ ann: ann.text.toString(), bob: bob.text.toString(), users }))
ann.provider.destroy()
bob.provider.destroy()
process.exit(0)
