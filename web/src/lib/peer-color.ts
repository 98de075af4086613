// Who has which of the colours of people.

const PEERS = 8;
const given = new Map<string, number>();

function ownOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index++) hash = (hash * 31 + id.charCodeAt(index)) >>> 0;
  return hash % PEERS;
}

/** One colour a person, everywhere on this page. Two share one only when there are more people than colours: then it tells nobody apart. */
export function peerColor(id: string): string {
  let color = given.get(id);
  if (color === undefined) {
    const holders = Array.from({ length: PEERS }, () => 0);
    for (const one of given.values()) holders[one] = (holders[one] ?? 0) + 1;
    const fewest = Math.min(...holders);
    color = ownOf(id);
    while (holders[color] !== fewest) color = (color + 1) % PEERS;
    given.set(id, color);
  }
  return `var(--peer-${color})`;
}
