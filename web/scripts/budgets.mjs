// Weighs the built page, gzipped, by chunk group, and fails when a group is over its budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const KB = 1024;
const BUDGETS = { shell: 120, codemirror: 125, yjs: 35, preview: 110, 'open document': 400 };
const DOCUMENT = 'src/features/document/index.tsx';

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const weigh = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

/** The files of some chunks, with everything they import before they run. */
function closure(keys) {
  const seen = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (seen.has(chunk.file)) return;
    seen.add(chunk.file);
    chunk.css?.forEach((file) => seen.add(file));
    chunk.imports?.forEach(visit);
  };
  keys.forEach(visit);
  return seen;
}

const initial = closure(Object.keys(manifest).filter((key) => manifest[key].isEntry));
const document = closure([DOCUMENT]);
const files = new Set(Object.values(manifest).flatMap((chunk) => [chunk.file, ...(chunk.css ?? [])]));

/** A library that the first paint pulls in counts as shell, whatever its chunk is called. */
function groupOf(file) {
  if (initial.has(file)) return 'shell';
  const vendor = ['codemirror', 'yjs', 'preview'].find((name) => file.startsWith(`assets/${name}-`));
  return vendor ?? (document.has(file) ? 'document' : 'on demand');
}

const groups = { shell: [], codemirror: [], yjs: [], preview: [], document: [], 'on demand': [] };
for (const file of files) groups[groupOf(file)].push({ file, bytes: weigh(file) });

const sum = (list) => list.reduce((bytes, { bytes: more }) => bytes + more, 0);
const totals = Object.entries(groups).map(([name, list]) => [name, sum(list)]);
totals.push(['open document', totals.reduce((bytes, [name, more]) => bytes + (name === 'on demand' ? 0 : more), 0)]);

let over = 0;
console.log('\ngzipped, KB        size  budget');
for (const [name, bytes] of totals) {
  const budget = BUDGETS[name];
  const tooBig = budget !== undefined && bytes > budget * KB;
  over += tooBig ? 1 : 0;
  console.log(`  ${name.padEnd(14)}${(bytes / KB).toFixed(1).padStart(7)}${String(budget ?? '').padStart(8)}${tooBig ? '  OVER' : ''}`);
}
if (process.argv.includes('--files')) {
  for (const [name, list] of Object.entries(groups)) {
    for (const { file, bytes } of list.sort((a, b) => b.bytes - a.bytes)) console.log(`  ${name}: ${file} ${(bytes / KB).toFixed(1)}`);
  }
}
if (over > 0) {
  console.error('\nThe page is over its byte budget: load the new part lazily, or find something smaller.');
  process.exit(1);
}
