// @y/websocket-server with its defaults (HOST and PORT from the environment). DB=folder adds y-leveldb: this version no
// longer reads YPERSISTENCE, so the store is tied to it here, the way earlier versions did (each update as it comes).
import * as Y from 'yjs'
import { setPersistence } from '@y/websocket-server/utils'

if (process.env.DB) {
  const { LeveldbPersistence } = await import('y-leveldb')
  const store = new LeveldbPersistence(process.env.DB)
  const bindState = async (room, live) => {
    const kept = Y.encodeStateAsUpdate(await store.getYDoc(room))
    store.storeUpdate(room, Y.encodeStateAsUpdate(live))
    Y.applyUpdate(live, kept)
    live.on('update', update => { store.storeUpdate(room, update) })
  }
  setPersistence({ provider: store, bindState, writeState: async () => {} })
}
await import('@y/websocket-server/server')
