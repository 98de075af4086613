// Open-loop pacing: a slow server does not slow the load down.
import { rng } from './hist.mjs'

/**
 * `act(c)` for each client `rate` times a second for `secs` seconds, each with its own phase.
 * A late generator acts at once; how late goes to `late(ms)`.
 */
export function pace (clients, rate, secs, act, late = () => {}, seed = 1) {
  const rand = rng(seed)
  const gap = 1000 / rate
  const start = performance.now() + 5
  const end = start + secs * 1000
  // all gaps are equal, so the order never changes: a ring is enough
  const ring = clients.map(c => ({ c, at: start + rand() * gap })).sort((a, b) => a.at - b.at)
  let i = 0
  return new Promise(resolve => {
    const tick = () => {
      const now = performance.now()
      while (ring[i].at <= now) {
        const due = ring[i].at
        act(ring[i].c)
        late(performance.now() - due)
        ring[i].at = due + gap
        i = (i + 1) % ring.length
      }
      if (now >= end) resolve()
      else setTimeout(tick, Math.min(Math.max(0.2, ring[i].at - now), 5))
    }
    tick()
  })
}
