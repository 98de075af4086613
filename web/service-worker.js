// Keeps the page's own files, so that it opens while the server cannot be reached. Never an answer of the
// API: documents have a store of their own, which belongs to whoever is logged in (core/sync). So nothing
// in here is anybody's, and logging out leaves it.
//
// Each build has a cache of its own, complete before it counts. Online the server's index.html always
// wins, so no old version can stick; offline the index comes from the same build as everything it names.

// scripts/service-worker.mjs puts the build's own values here.
const { ENTRY, CACHE, FILES, LATER } = __BUILD__;
const PREFIX = 'mdreader-page-';
const INDEX = '/';
/** Behind a proxy a server that is down still answers, with one of these. */
const NOBODY_HOME = [502, 503, 504];
/** A network that swallows everything gives no error; after this long it counts as one. */
const PATIENCE_MS = 4_000;

self.addEventListener('install', (event) => {
  void self.skipWaiting();
  event.waitUntil(install());
});

self.addEventListener('activate', (event) => event.waitUntil(activate()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (pathname.startsWith('/assets/')) event.respondWith(asset(request, event));
  else if (/^\/(?:api|metrics)(?:\/|$)/.test(pathname)) return;
  else if (request.mode === 'navigate') event.respondWith(serverFirst(request, INDEX, event.preloadResponse));
  else if (FILES.includes(pathname)) event.respondWith(serverFirst(request, pathname));
});

async function install() {
  const cache = await caches.open(CACHE);
  await Promise.all([...FILES.map((path) => keep(cache, path)), ...LATER.map((path) => keepIfKnown(cache, path))]);
  const index = await fetchOk(INDEX, { cache: 'no-cache', headers: { Accept: 'text/html' } });
  // During a deployment the files may be of one build and this of the next.
  const named = (await index.clone().text()).match(/\/assets\/[\w.-]+/g) ?? [];
  if (!named.every((path) => FILES.includes(path))) throw new Error('The server has another build by now.');
  await cache.put(INDEX, index);
}

async function activate() {
  await self.registration.navigationPreload?.enable();
  // The build before stays: pages of it may still be open and load a part of it later.
  const builds = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(builds.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
  for (const client of await self.clients.matchAll({ type: 'window' })) client.postMessage({ type: 'mdreader-build', entry: ENTRY });
}

const known = (path) => caches.match(path, { ignoreVary: true });

async function fetchOk(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** Names under assets/ carry a hash of their content, so what any build has kept is right; others are asked for again. */
async function keep(cache, path) {
  const hashed = path.startsWith('/assets/');
  await cache.put(path, (hashed && (await known(path))) || (await fetchOk(path, hashed ? {} : { cache: 'no-cache' })));
}

/** What only some documents need is kept once it was needed, from build to build. */
async function keepIfKnown(cache, path) {
  const response = await known(path);
  if (response) await cache.put(path, response);
}

async function asset(request, event) {
  const kept = await known(request.url);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) {
    const copy = response.clone();
    event.waitUntil(caches.open(CACHE).then((cache) => cache.put(request.url, copy)));
  }
  return response;
}

async function serverFirst(request, path, preload) {
  const kept = () => caches.open(CACHE).then((cache) => cache.match(path, { ignoreVary: true }));
  const asked = Promise.resolve(preload).then((response) => response ?? fetch(request));
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  try {
    const response = await Promise.race([asked, patience.then(kept)]);
    if (response && !NOBODY_HOME.includes(response.status)) return response;
    return (await kept()) ?? (await asked);
  } catch (error) {
    const response = await kept();
    if (response) return response;
    throw error;
  }
}
