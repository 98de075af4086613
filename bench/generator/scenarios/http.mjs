// H: what a read and a write of one document cost over HTTP. Only for servers with mdreader's API.
import { Hist, sleep } from '../hist.mjs'
import { HttpConnection } from '../httpclient.mjs'
import { cpuWindow, rssBytes } from '../procstat.mjs'

const LINE = 'Plain Markdown with *emphasis*, `code` and a [link](guides/setup.md), number '

/** A Markdown text of about `bytes` bytes; `version` changes one line in its middle, as an edit would. */
function markdown (bytes, version) {
  const lines = []
  for (let n = 0, i = 0; n < bytes; i++) {
    lines.push(i % 8 === 0 ? `## Section ${i}` : LINE + i)
    n += lines.at(-1).length + 1
  }
  lines[lines.length >> 1] = `Version ${version} stands here.`
  return lines.join('\n') + '\n'
}

/**
 * `rooms` documents of `bytes` bytes each, visited in turn over `connections` kept-alive connections, each of which waits
 * for its answer before it asks again. `method` GET reads the document, PUT writes its content with the last ETag.
 */
export async function http (o, server) {
  await server.start()
  await server.prepare(o.rooms, { settled: true })
  const url = new URL(o.url)
  const auth = `authorization: Bearer ${server.token}\r\n`
  const documents = server.made.rooms.map(id => ({ id, etag: null, version: 0 }))
  const connections = Array.from({ length: o.connections }, () => new HttpConnection(url.hostname, Number(url.port)))
  const put = async (connection, d) => {
    const body = markdown(o.bytes, d.version++)
    const match = `if-match: ${d.etag}\r\ncontent-type: text/markdown\r\n`
    const answer = await connection.request('PUT', `/api/documents/${d.id}/content`, auth + match, body)
    if (answer.status === 200) d.etag = answer.etag
    return answer
  }
  const get = (connection, d) => connection.request('GET', `/api/documents/${d.id}`, auth)
  for (const d of documents) {
    d.etag = (await get(connections[0], d)).etag
    const answer = await put(connections[0], d)
    if (answer.status !== 200) throw new Error(`PUT answered ${answer.status}: ${answer.body}`)
  }
  await sleep(1000)
  const act = o.method === 'PUT' ? put : get
  const latency = new Hist()
  const statuses = {}
  let counting = false
  let stop = false
  let next = 0
  const ask = async connection => {
    // one connection has a share of the documents to itself, so that no ETag is stale
    while (!stop) {
      const share = connections.indexOf(connection)
      const d = documents[(next++ * connections.length + share) % documents.length]
      const t0 = performance.now()
      const { status } = await act(connection, d)
      if (!counting) continue
      latency.add(performance.now() - t0)
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  const asking = Promise.all(connections.map(ask))
  await sleep(o.warm * 1000)
  counting = true
  const close = cpuWindow(server.pid)
  o.during?.(server.pid, o.secs)
  await sleep(o.secs * 1000)
  counting = false
  const window = close()
  stop = true
  await asking
  for (const c of connections) c.close()
  return {
    method: o.method,
    documents: documents.length,
    documentBytes: o.bytes,
    connections: o.connections,
    requests: latency.n,
    statuses,
    requestsPerSec: latency.n / window.secs,
    cpuUsPerRequest: 1e6 * window.server.total / latency.n,
    serverCpuSec: window.server,
    serverPct: window.serverPct,
    latencyMs: latency.json(),
    rssMB: rssBytes(server.pid) / 1e6,
    genPct: window.genPct,
    foreignPct: window.foreignPct
  }
}
