// What the program keeps beyond the page's life: paths, and the blocks of files, in the browser's database.
//
//   paths    path -> [id, bytes, modified] of a file, [] of a folder
//   blocks   [id, index] -> bytes

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

let opened;
// The browser has closed it by force: its data were deleted, or its disk has failed.
let closed = false;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('unfreeze', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('paths');
      request.result.createObjectStore('blocks');
    };
    request.onsuccess = () => {
      request.result.onclose = () => { closed = true; };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another version of this page is open in a tab'));
  });
  return opened;
}

// Blocks that are read in one go, 16 MB of them: what a browser keeps it may refuse to give in one answer, as Firefox does from
// some 250 MB on.
const AT_ONCE = 1000;

// Everything that is kept: [[path, id, bytes, modified] or [path], ...] and [[id, index, bytes], ...].
export async function read() {
  const base = await database();
  const transaction = base.transaction(['paths', 'blocks'], 'readonly');
  const [paths, blocks] = ['paths', 'blocks'].map((name) => transaction.objectStore(name));
  const [names, files, places] = await Promise.all([paths.getAllKeys(), paths.getAll(), blocks.getAllKeys()].map(done));
  const pieces = [];
  for (let at = 0; at < places.length; at += AT_ONCE) {
    const last = Math.min(at + AT_ONCE, places.length) - 1;
    pieces.push(...await done(blocks.getAll(IDBKeyRange.bound(places[at], places[last]))));
  }
  return [names.map((name, at) => [name, ...files[at]]), places.map((place, at) => [...place, pieces[at]])];
}

// Whether the browser has promised to keep all of it until the user deletes it; undefined until it has answered.
let promised;
export const mayBeCleared = () => promised === false;

// Asks for that promise. A browser may put the question to the user, so this is for when there is something to lose.
export async function askToKeep() {
  const ask = async () => await navigator.storage.persisted() || navigator.storage.persist();
  promised = await ask().catch(() => false);
}

// What a program has in its memory that has broken down is not kept any more: it may be half of something.
let over = false;
export function keepNoMore() { over = true; }

// One transaction, on disk when this returns.
export async function write(gone, entries, ends, pieces) {
  if (over) throw new Error('the program has broken down');
  if (closed) throw new Error('it has closed its storage; load this page again');
  const base = await database();
  await new Promise((resolve, reject) => {
    const transaction = base.transaction(['paths', 'blocks'], 'readwrite', { durability: 'strict' });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('it was broken off'));
    const [paths, blocks] = ['paths', 'blocks'].map((name) => transaction.objectStore(name));
    try {
      for (const path of gone) paths.delete(path);
      for (const [path, ...file] of entries) paths.put(file, path);
      for (const [id, from] of ends) blocks.delete(IDBKeyRange.bound([id, from], [id, Infinity]));
      for (const [id, index, bytes] of pieces) blocks.put(bytes, [id, index]);
    } catch (error) {
      // What was asked for until then would be carried out: half of it.
      reject(error);
      transaction.abort();
    }
  });
}
