// Keeps the page on this device after the first visit, so that it opens without a network.

const VERSION = 'BUILD';
const PAGE = FILES;
// What the page itself keeps, whatever its version (models.js).
const MODELS = 'models';

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(VERSION);
    await cache.addAll(PAGE.map((file) => new Request(file, { cache: 'no-cache' })));
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (![VERSION, MODELS].includes(name)) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  event.respondWith((async () => {
    const kept = await (await caches.open(VERSION)).match(event.request, { ignoreSearch: true });
    return kept ?? fetch(event.request);
  })());
});
