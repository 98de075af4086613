// One holder at a time across the tabs of a browser. navigator.locks exists only in a secure context,
// and a colleague opens this page at http://192.168.x.x: there, a lease in localStorage stands in.

const LEASE_MS = 10_000;
const SETTLE_MS = 25;

interface Lease {
  owner: string;
  until: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const owner = Math.random().toString(36).slice(2);

function readLease(key: string): Lease | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as Lease | undefined;
  } catch {
    return undefined;
  }
}

async function takeLease(key: string, holder: string): Promise<void> {
  for (;;) {
    const lease = readLease(key);
    if (!lease || lease.until < Date.now()) {
      localStorage.setItem(key, JSON.stringify({ owner: holder, until: Date.now() + LEASE_MS }));
      // Two tabs may both have seen it free; the last to write wins, and after this both see who did.
      await pause(SETTLE_MS);
      if (readLease(key)?.owner === holder) return;
    }
    await pause(SETTLE_MS);
  }
}

let turn = 0;

async function withLease<T>(name: string, work: () => Promise<T>): Promise<T> {
  const key = `mdreader.lock.${name}`;
  const holder = `${owner}.${turn++}`;
  await takeLease(key, holder);
  try {
    return await work();
  } finally {
    if (readLease(key)?.owner === holder) localStorage.removeItem(key);
  }
}

/** Runs `work` while no other tab of this browser runs work under the same name. */
export function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (navigator as Partial<Navigator>).locks;
  return locks ? locks.request(`mdreader.${name}`, work) : withLease(name, work);
}
