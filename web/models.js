// The files of the base models: fetched, compared with what they were when the page was built, and kept.

// Every file of the page with its length and SHA-256.
let listing;
export function know(files) { listing = files; }
export const known = () => listing;

async function sum(bytes) {
  const found = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// The bytes of a response that has come from `address`, if they are the right ones.
export async function verified(address, response) {
  const bytes = await response.arrayBuffer();
  if (await sum(bytes) !== listing[address].sha256) throw new Error(`${address} was changed on its way. Load this page again.`);
  return new Uint8Array(bytes);
}

// Calls `count` with the length of every piece that comes.
export function counted(address, response, count) {
  if (!response.ok) throw new Error(`${address}: ${response.status} ${response.statusText}`);
  const counting = new TransformStream({ transform(piece, out) { count(piece.byteLength); out.enqueue(piece); } });
  const type = address.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
  return new Response(response.body.pipeThrough(counting), { headers: { 'content-type': type } });
}

// Beside what the service worker keeps of a version of the page: a new version does not fetch them again.
export const KEPT = 'models';

// Without storage nothing is kept, and the next worker fetches it again.
const kept = () => caches.open(KEPT).catch(() => undefined);

async function one(cache, address, count, signal) {
  // The sum in the address tells one version of a file from the next.
  const place = `${address}?${listing[address].sha256}`;
  const before = await cache?.match(place);
  if (before) {
    try {
      return await verified(address, counted(address, before, count));
    } catch {
      await cache.delete(place);
    }
  }
  const bytes = await verified(address, counted(address, await fetch(place, { signal }), count));
  for (const other of await cache?.keys(address, { ignoreSearch: true }) ?? []) await cache.delete(other);
  await cache?.put(place, new Response(bytes)).catch(console.warn);
  return bytes;
}

// The model of one direction: [[name, bytes], ...]. `heard` is called several times a second with the bytes that have come and
// that there are; once it returns false nothing more is fetched, and this gives null.
export async function fetchModel(direction, heard) {
  const addresses = Object.keys(listing).filter((address) => address.startsWith(`base/${direction}/`));
  const total = addresses.reduce((bytes, address) => bytes + listing[address].bytes, 0);
  const stop = new AbortController();
  let come = 0;
  const tell = () => { if (!heard(Math.min(come, total), total)) stop.abort(); };
  // By the clock and not by the bytes: a network that has fallen silent can be stopped too.
  const telling = setInterval(tell, 200);
  try {
    const cache = await kept();
    const files = addresses.map(async (address) => [
      address.slice('base/'.length), await one(cache, address, (bytes) => { come += bytes; }, stop.signal)]);
    return await Promise.all(files);
  } catch (error) {
    if (stop.signal.aborted) return null;
    stop.abort();
    throw error;
  } finally {
    clearInterval(telling);
  }
}
