// Fetches the program, says how far that has come, and opens the window.

import init, { give_model_file, model_files, open_files, open_window, settle_files } from './unfreeze.js';
import { prepare } from './engine.js';

const state = document.getElementById('state');
const share = document.getElementById('share');
const say = (text) => { state.textContent = text; };

function fail(text) {
  say(text);
  share.hidden = true;
  document.body.dataset.state = 'failed';
}

// Bytes that have come of all files. They are counted unpacked, and the lengths are in a file of the page's own: a server
// that packs a file tells its packed length.
let come = 0;
let total = 0;

async function counted(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status} ${response.statusText}`);
  const count = new TransformStream({
    transform(piece, out) {
      come += piece.byteLength;
      share.value = Math.min(come / total, 1);
      say(`Loading ${(come / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`);
      out.enqueue(piece);
    },
  });
  const type = address.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
  return new Response(response.body.pipeThrough(count), { headers: { 'content-type': type } });
}

// The bytes of a file, which are what they were when the page was built.
async function verified(address, sum) {
  const bytes = await (await counted(address)).arrayBuffer();
  const found = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  if (Array.from(found, (byte) => byte.toString(16).padStart(2, '0')).join('') !== sum) {
    throw new Error(`${address} was changed on its way. Load this page again.`);
  }
  return new Uint8Array(bytes);
}

// One tab at a time has the projects. Another waits for its turn.
function alone() {
  return new Promise((go) => {
    navigator.locks.request('projects', { ifAvailable: true }, (lock) => {
      if (!lock) return undefined;
      go();
      return new Promise(() => {});
    }).then(() => {
      say('Unfreeze is open in another tab, which has your projects. Close it, and it opens here.');
      document.body.dataset.state = 'waiting';
      navigator.locks.request('projects', () => { go(); return new Promise(() => {}); });
    });
  });
}

async function start() {
  if (!isSecureContext) {
    fail('A browser gives a page graphics, storage and workers only at an address that begins with https:// or http://localhost.');
    return;
  }
  await alone();
  document.body.dataset.state = 'loading';
  const files = await (await fetch('files.json')).json();
  const needed = Object.entries(files).filter(([file]) => file.startsWith('base/') || file.endsWith('.wasm'));
  total = needed.reduce((sum, [, file]) => sum + file.bytes, 0);
  // The model comes while the browser compiles the program.
  const fetched = needed.filter(([file]) => file.startsWith('base/'))
    .map(async ([file, { sha256 }]) => [file.slice('base/'.length), await verified(file, sha256)]);
  const program = await WebAssembly.compileStreaming(counted('unfreeze_bg.wasm'));
  await init({ module_or_path: program });
  const model = await Promise.all(fetched);
  const names = new Set(model_files());
  for (const [name, bytes] of model) if (names.has(name)) give_model_file(name, bytes);
  prepare(program, model);
  say('Reading your projects');
  share.removeAttribute('value');
  await open_files();
  navigator.storage?.persist?.();
  say('Opening the window');
  const canvas = document.getElementById('window');
  const webgpu = Boolean(await navigator.gpu?.requestAdapter().catch(() => null));
  await open_window(canvas, webgpu, location.hash);
  document.getElementById('loading').hidden = true;
  document.body.dataset.state = 'open';
  document.body.dataset.drawn = webgpu ? 'WebGPU' : 'WebGL';
  canvas.focus();
  // Now that nothing waits for the network, the page is kept for when there is none.
  navigator.serviceWorker?.register('service.js').catch(console.warn);
  // What nobody waits for, such as the list of recent projects.
  const settle = () => settle_files().catch(() => {});
  setInterval(settle, 2000);
  addEventListener('visibilitychange', settle);
  addEventListener('pagehide', settle);
}

start().catch((error) => {
  console.error(error);
  fail(`Unfreeze could not be started: ${error?.message ?? error}`);
});
