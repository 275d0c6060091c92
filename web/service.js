// Keeps the page on this device after the first visit, so that it opens without a network.

const VERSION = 'BUILD';
// Every file of it with its SHA-256.
const PAGE = FILES;
// Other applications may keep things at this address too: names that begin like this are this one's. What the page itself
// keeps, whatever its version, has another name (models.js).
const OWN = `unfreeze ${self.registration.scope} `;
const KEPT = OWN + VERSION;

async function sum(bytes) {
  const found = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// A file of this version, its type with it: while a new version is put on a server, some answers may be of another one.
async function fetched(file) {
  const answer = await fetch(new Request(file, { cache: 'no-cache' }));
  if (!answer.ok) throw new Error(`${file}: ${answer.status} ${answer.statusText}`);
  const bytes = await answer.arrayBuffer();
  if (await sum(bytes) !== PAGE[file]) throw new Error(`${file} is of another version`);
  return [file, bytes, answer.headers.get('content-type')];
}

// What the page's head forbids the page. A worker goes by what came with its own file.
const policy = (head) => /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(head)[1];

// A version is kept whole, or not at all: the one before it stays, and the browser tries again later.
async function keep() {
  const files = await Promise.all(Object.keys(PAGE).map(fetched));
  const [, head] = files.find(([file]) => file === './');
  const held = { 'content-security-policy': policy(new TextDecoder().decode(head)) };
  const cache = await caches.open(KEPT);
  await Promise.all(files.map(([file, bytes, type]) => (
    cache.put(file, new Response(bytes, { headers: type ? { ...held, 'content-type': type } : held })))));
}

// The first version begins at once. A later one waits until the last tab of the one before has closed: an open page still
// starts workers, and what these load has to be of its own version.
self.addEventListener('install', (event) => {
  event.waitUntil(keep());
});

// Unless a page asks that has begun nothing yet (page.js) and is the only one; it does not wait for longer than `before`.
self.addEventListener('message', (event) => {
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const pages = open.filter((page) => page.url.startsWith(self.registration.scope));
    if (pages.length === 1 && Date.now() < event.data.before) await self.skipWaiting();
    else event.ports[0].postMessage('go on');
  })());
});

// Whether a cache holds a version of this page. Earlier ones were called by the version alone.
const holds = async (name) => name.startsWith(OWN)
  || (/^[0-9a-f]{16}$/.test(name) && Boolean(await caches.match('unfreeze_bg.wasm', { cacheName: name })));

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== KEPT && await holds(name)) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  event.respondWith((async () => {
    const kept = await (await caches.open(KEPT)).match(event.request, { ignoreSearch: true });
    return kept ?? fetch(event.request);
  })());
});
