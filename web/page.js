// Fetches the program, says how far that has come, and opens the window.

import init, { give_model_file, model_files, open_files, open_window, settle_files } from './unfreeze.js';
import { prepare } from './engine.js';
import { counted, know, verified } from './models.js';

const PROGRAM = 'unfreeze_bg.wasm';
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

async function fetched(address) {
  return counted(address, await fetch(address), (bytes) => {
    come += bytes;
    share.value = Math.min(come / total, 1);
    say(`Loading ${(come / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`);
  });
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
  know(files);
  // The model that reads backward comes when somebody asks for it.
  const forward = Object.keys(files).filter((file) => file.startsWith('base/forward/'));
  total = [PROGRAM, ...forward].reduce((sum, file) => sum + files[file].bytes, 0);
  // The model comes while the browser compiles the program.
  const coming = forward.map(async (file) => [file.slice('base/'.length), await verified(file, await fetched(file))]);
  const program = await WebAssembly.compileStreaming(fetched(PROGRAM));
  await init({ module_or_path: program });
  const model = await Promise.all(coming);
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
