// Writes dist/service-worker.js: the program in service-worker.js with the list of what this build consists of.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const KB = 1024;
const BUDGET_KB = 540;
/** Large libraries that few documents need: kept when a document first has used them. */
const SELDOM = /(?:typeset|diagrams)/;

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const read = (path) => readFileSync(new URL(path, dist));

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const files = new Set(['theme.js', 'favicon.svg']);
const visited = new Set();

function visit(key) {
  if (visited.has(key)) return;
  visited.add(key);
  const { file, css = [], assets = [], imports = [], dynamicImports = [] } = manifest[key];
  [file, ...css, ...assets].forEach((one) => files.add(one));
  imports.forEach(visit);
  dynamicImports.filter((one) => !SELDOM.test(one)).forEach(visit);
}
visit(entry);

const missing = [...files].filter((file) => !existsSync(new URL(file, dist)));
if (missing.length > 0) throw new Error(`Not built: ${missing.join(', ')}`);

const later = readdirSync(new URL('assets/', dist)).map((name) => `assets/${name}`).filter((file) => !files.has(file));
const program = readFileSync(new URL('../service-worker.js', import.meta.url), 'utf8');
const hash = createHash('sha256').update(program).update(read('index.html'));
for (const file of files) hash.update(file).update(read(file));

const paths = (list) => [...list].sort().map((file) => `/${file}`);
const build = {
  ENTRY: `/${manifest[entry].file}`,
  CACHE: `mdreader-page-${hash.digest('hex').slice(0, 12)}`,
  FILES: paths(files),
  LATER: paths(later),
};
if (program.split('__BUILD__').length !== 2) throw new Error('service-worker.js has no single place for the build.');
writeFileSync(new URL('service-worker.js', dist), program.replace('__BUILD__', () => JSON.stringify(build)));

const bytes = [...files].reduce((sum, file) => sum + gzipSync(read(file), { level: 9 }).length, 0);
console.log(`  kept offline  ${(bytes / KB).toFixed(1).padStart(7)}${String(BUDGET_KB).padStart(8)}   ${files.size} files`);
if (bytes > BUDGET_KB * KB) {
  console.error('\nToo much is kept for being offline: name what only few documents need in SELDOM.');
  process.exit(1);
}
