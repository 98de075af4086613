// Numbers: a histogram for latencies and reproducible randomness.

const BUCKETS = 1900
const PER_E_FOLD = 100 // buckets per factor e: about 1 % resolution

/** Logarithmic histogram of milliseconds, from 1 us to 100 s. */
export class Hist {
  constructor () {
    this.n = 0
    this.sum = 0
    this.max = 0
    this.buckets = new Float64Array(BUCKETS)
  }

  add (ms) {
    this.n++
    this.sum += ms
    if (ms > this.max) this.max = ms
    const i = ms <= 0.001 ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log(ms * 1000) * PER_E_FOLD))
    this.buckets[i]++
  }

  /** The value below which the share `p` (0 to 1) lies, in ms; null when empty. */
  quantile (p) {
    let left = p * this.n
    for (let i = 0; i < BUCKETS && this.n; i++) {
      left -= this.buckets[i]
      if (left <= 0) return Math.min(this.max, Math.exp((i + 0.5) / PER_E_FOLD) / 1000)
    }
    return null
  }

  json () {
    if (!this.n) return null
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map(p => this.quantile(p))
    return { n: this.n, mean: this.sum / this.n, p50, p95, p99, max: this.max }
  }
}

/** Deterministic random numbers in [0, 1) (mulberry32): the same load in every run. */
export function rng (seed) {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const median = values => {
  const v = values.filter(x => x !== undefined && x !== null).sort((a, b) => a - b)
  return v[Math.floor((v.length - 1) / 2)]
}

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
