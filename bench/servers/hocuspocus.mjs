// Hocuspocus with its defaults. DB=path.sqlite adds the SQLite extension.
import { Server } from '@hocuspocus/server'
import { SQLite } from '@hocuspocus/extension-sqlite'

const extensions = process.env.DB ? [new SQLite({ database: process.env.DB })] : []
const server = new Server({ port: Number(process.env.PORT), address: process.env.HOST, quiet: true, extensions })
await server.listen()
