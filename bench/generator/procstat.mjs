// CPU and memory of a process tree, and how much CPU everybody else took meanwhile. Linux only (/proc).
import fs from 'node:fs'

const HZ = 100 // Linux USER_HZ

function stat (pid) {
  const s = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
  const f = s.slice(s.lastIndexOf(')') + 2).split(' ') // f[0] is field 3 (state)
  return { ppid: +f[1], utime: +f[11] / HZ, stime: +f[12] / HZ, dead: (+f[13] + +f[14]) / HZ }
}

/** pid and all its living descendants */
function tree (pid) {
  const children = new Map()
  for (const d of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(d)) continue
    try {
      const { ppid } = stat(d)
      if (!children.has(ppid)) children.set(ppid, [])
      children.get(ppid).push(+d)
    } catch {} // the process ended between readdir and read
  }
  const out = []
  const todo = [pid]
  while (todo.length) {
    const p = todo.pop()
    out.push(p)
    todo.push(...(children.get(p) ?? []))
  }
  return out
}

/** seconds of user and system time of the tree, waited-for dead children included */
export function cpuSeconds (pid) {
  let user = 0; let sys = 0
  for (const p of tree(pid)) {
    try { const s = stat(p); user += s.utime; sys += s.stime + s.dead } catch {}
  }
  return { user, sys, total: user + sys }
}

export function rssBytes (pid) {
  let n = 0
  for (const p of tree(pid)) {
    try {
      const m = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${p}/status`, 'latin1'))
      if (m) n += m[1] * 1024
    } catch {}
  }
  return n
}

/** seconds all cores together were busy (stolen time counted) since boot */
function machineBusy () {
  const f = fs.readFileSync('/proc/stat', 'latin1').split('\n')[0].trim().split(/\s+/).slice(1).map(Number)
  const [user, nice, system, , , irq, softirq, steal] = f
  return (user + nice + system + irq + softirq + steal) / HZ
}

/** Start a measuring window; the function it returns ends it and says what server, generator and all others used. */
export function cpuWindow (pid) {
  const t0 = performance.now()
  const s0 = cpuSeconds(pid)
  const g0 = process.cpuUsage()
  const m0 = machineBusy()
  return () => {
    const secs = (performance.now() - t0) / 1000
    const g = process.cpuUsage(g0)
    const gen = (g.user + g.system) / 1e6
    const s1 = cpuSeconds(pid)
    const server = { user: s1.user - s0.user, sys: s1.sys - s0.sys, total: s1.total - s0.total }
    return {
      secs,
      server,
      serverPct: 100 * server.total / secs,
      genPct: 100 * gen / secs,
      foreignPct: Math.max(0, 100 * (machineBusy() - m0 - gen - server.total) / secs)
    }
  }
}
