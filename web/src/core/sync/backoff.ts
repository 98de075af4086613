/** How long to wait before the next attempt: doubling, capped, and spread so that a crowd does not come back at once. */
const FIRST_MS = 400;
const CAP_MS = 10_000;

export function backoffDelay(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
