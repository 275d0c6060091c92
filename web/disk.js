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

// Everything that is kept: [[path, id, bytes, modified] or [path], ...] and [[id, index, bytes], ...].
export async function read() {
  const base = await database();
  const transaction = base.transaction(['paths', 'blocks'], 'readonly');
  const [paths, blocks] = ['paths', 'blocks'].map((name) => transaction.objectStore(name));
  const [names, files, places, pieces] = await Promise.all(
    [paths.getAllKeys(), paths.getAll(), blocks.getAllKeys(), blocks.getAll()].map(done));
  return [names.map((name, at) => [name, ...files[at]]), places.map((place, at) => [...place, pieces[at]])];
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
