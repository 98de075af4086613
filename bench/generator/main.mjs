#!/usr/bin/env node
// One scenario against one server: node main.mjs SCENARIO --url ws://host:port/path --cmd 'server command' [options].
// Prints one JSON object as its last line. See ../README.md.
import { exec } from 'node:child_process'
import { parseArgs } from 'node:util'
import { typing, cursors } from './scenarios/live.mjs'
import { idle } from './scenarios/idle.mjs'
import { cold } from './scenarios/cold.mjs'
import { kill } from './scenarios/kill.mjs'
import { http } from './scenarios/http.mjs'
import { Server } from './server.mjs'

const number = { type: 'string' }
const SCENARIOS = {
  A: { run: typing, defaults: { rooms: 1, clients: 50, rate: 5 } },
  B: { run: typing, defaults: { rooms: 200, clients: 3, typists: 1, rate: 5 } },
  C: { run: idle, defaults: { rooms: 500, clients: 2000 } },
  D: { run: cursors, defaults: { clients: 50, rate: 10 } },
  E: { run: cold, defaults: { clients: 20, repeats: 5 } },
  F: { run: kill, defaults: { rate: 10, repeats: 6 } },
  H: { run: http, defaults: { rooms: 24, connections: 1, bytes: 5000, method: 'GET' } }
}

function options () {
  const { values, positionals: [scenario] } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      proto: { type: 'string' },
      token: { type: 'string' },
      pid: { type: 'string' },
      cmd: { type: 'string' },
      core: { type: 'string' },
      prepare: { type: 'string' },
      during: { type: 'string' },
      doc: { type: 'string' },
      method: { type: 'string' },
      rooms: number,
      clients: number,
      typists: number,
      connections: number,
      bytes: number,
      rate: number,
      warm: number,
      secs: number,
      settle: number,
      repeats: number
    }
  })
  if (!SCENARIOS[scenario] || !values.url || !(values.cmd || values.pid)) {
    throw new Error(`usage: main.mjs ${Object.keys(SCENARIOS).join('|')} --url ws://... (--cmd COMMAND | --pid N)`)
  }
  const text = { proto: 'yws', token: '', core: '0' }
  const numbers = { warm: 2, secs: 8, settle: 3, ...SCENARIOS[scenario].defaults }
  for (const [k, v] of Object.entries(values)) {
    if (['url', 'proto', 'token', 'pid', 'cmd', 'core', 'prepare', 'during', 'doc', 'method'].includes(k)) text[k] = v
    else numbers[k] = Number(v)
  }
  const o = { scenario, ...numbers, ...text }
  o.typists ??= o.clients
  if (o.during) o.during = alongside(o.during)
  return o
}

/** A command to run beside the counted window (a profiler); gets SERVER_PID and SECS. */
const alongside = command => (pid, secs) => {
  exec(command, { env: { ...process.env, SERVER_PID: String(pid), SECS: String(secs) } }, (error, out, err) => {
    if (error) process.stderr.write(`--during failed: ${err}\n`)
  })
}

let server
let code = 0
try {
  const o = options()
  server = new Server(o)
  const result = await SCENARIOS[o.scenario].run(o, server)
  await server.stop()
  console.log(JSON.stringify({ scenario: o.scenario, ...result }))
} catch (e) {
  await server?.stop('SIGKILL')
  console.log(JSON.stringify({ error: String(e.stack ?? e) }))
  code = 1
}
process.exit(code)
