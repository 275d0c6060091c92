// Fetches the program, says how far that has come, opens the window, and says so where the program breaks down.

import init, { give_model_file, heed_link, model_files, open_files, open_window, settle_files, tell_user } from './unfreeze.js';
import { keepNoMore } from './disk.js';
import { closeAll, prepare } from './engine.js';
import { counted, know, verified } from './models.js';

const PROGRAM = 'unfreeze_bg.wasm';
// The lock of the one tab that has the projects.
const PROJECTS = 'unfreeze projects';
const [loading, state, share, again] = ['loading', 'state', 'share', 'again'].map((id) => document.getElementById(id));
const say = (text) => { state.textContent = text; };

function fail(text) {
  state.setAttribute('role', 'alert');
  say(text);
  share.hidden = true;
  // Where the address is what is wrong, it would be so again.
  again.hidden = !isSecureContext;
  document.body.dataset.state = 'failed';
}

again.addEventListener('click', () => location.reload());

// What a browser throws once the program has trapped, as it does where it panics, or has used up its stack. The errors of a
// worker come here too, without what was thrown: they are told to whoever started it.
const trapped = (error) => error instanceof WebAssembly.RuntimeError || /call stack|recursion/.test(error?.message);

// Covers the window, which stands still.
function cover(text) {
  loading.hidden = false;
  fail(text);
  for (const other of document.body.children) other.inert = other !== loading;
  again.focus();
}

// Nothing of a program that has broken down can be relied on: it gets nothing more to do, and nothing more of it is kept.
let over = false;
function heed(error) {
  if (!trapped(error)) return;
  over = true;
  closeAll();
  keepNoMore();
  if (document.body.dataset.state !== 'failed') cover('Unfreeze has broken down. Your labels are kept; load this page again.');
}
addEventListener('error', ({ error }) => heed(error));
addEventListener('unhandledrejection', ({ reason }) => heed(reason));

// The program goes on, but nothing that it draws is seen any more.
function darken() {
  if (document.body.dataset.state === 'open') cover('The graphics card was reset. Your labels are kept; load this page again.');
}
addEventListener('dark', darken);

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

// The program, compiled while it comes, and compared with what it was when the page was built.
async function fetchedProgram() {
  const [one, other] = (await fetched(PROGRAM)).body.tee();
  const compiled = WebAssembly.compileStreaming(new Response(one, { headers: { 'content-type': 'application/wasm' } }));
  // Where it was changed on its way, that is what is told.
  compiled.catch(() => {});
  await verified(PROGRAM, new Response(other));
  return compiled;
}

// Keys that are the window's with Ctrl or Cmd, and that browsers have a use for too, beside those that eframe keeps from them. With
// Shift these are larger and smaller alone, which some keyboards do not have without it.
const OWN = /^[1-5kde0+=-]$/i;
const SIZES = /^[+=-]$/;
function keepKey(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || document.body.dataset.state !== 'open') return;
  // As the window does, a key of another alphabet goes by its place.
  const key = /^[!-~]$/.test(event.key) ? event.key : event.code.replace(/^(Key|Digit)/, '');
  if ((event.shiftKey ? SIZES : OWN).test(key)) event.preventDefault();
}

// One tab at a time has the projects. Another waits for its turn. Where site data are blocked there are no locks.
function alone() {
  return new Promise((go, refuse) => {
    navigator.locks.request(PROJECTS, { ifAvailable: true }, (lock) => {
      if (!lock) return undefined;
      go();
      return new Promise(() => {});
    }).then(() => {
      say('Unfreeze is open in another tab, which has your projects. Close it, and it opens here.');
      document.body.dataset.state = 'waiting';
      return navigator.locks.request(PROJECTS, () => { go(); return new Promise(() => {}); });
    }).catch(({ message }) => {
      refuse(new Error(`the browser keeps nothing for this page (${message}). Allow it to keep site data, and load this page again.`));
    });
  });
}

// Gives way to a new version of the page that waits, while this one has begun nothing: the browser would let it wait until the
// last tab has closed, and one that is loaded again does not close. Once a minute at most, whatever a server hands out.
async function giveWay() {
  const workers = navigator.serviceWorker;
  const waiting = workers?.controller && (await workers.getRegistration())?.waiting;
  if (!waiting || Date.now() - Number(sessionStorage.getItem('unfreeze renewed')) < 60_000) return;
  await new Promise((goOn) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = goOn;
    // Longer than it may take the worker to make up its mind.
    const silent = setTimeout(goOn, 5000);
    workers.addEventListener('controllerchange', () => {
      if (document.body.dataset.state === 'open') return;
      clearTimeout(silent);
      sessionStorage.setItem('unfreeze renewed', Date.now());
      location.reload();
    });
    waiting.postMessage({ before: Date.now() + 3000 }, [port2]);
  });
}

async function start() {
  if (!isSecureContext) {
    fail('A browser gives a page graphics, storage and workers only at an address that begins with https:// or http://localhost.');
    return;
  }
  await alone();
  await giveWay().catch(console.warn);
  document.body.dataset.state = 'loading';
  const files = await (await fetch('files.json')).json();
  know(files);
  // The model that reads backward comes when somebody asks for it.
  const forward = Object.keys(files).filter((file) => file.startsWith('base/forward/'));
  total = [PROGRAM, ...forward].reduce((sum, file) => sum + files[file].bytes, 0);
  // The model comes while the browser compiles the program.
  const coming = forward.map(async (file) => [file.slice('base/'.length), await verified(file, await fetched(file))]);
  const program = await fetchedProgram();
  await init({ module_or_path: program });
  const model = await Promise.all(coming);
  const names = new Set(model_files());
  for (const [name, bytes] of model) if (names.has(name)) give_model_file(name, bytes);
  prepare(program, model);
  say('Reading your projects');
  share.removeAttribute('value');
  const damaged = await open_files();
  say('Opening the window');
  const canvas = document.getElementById('window');
  canvas.addEventListener('webglcontextlost', darken);
  const webgpu = Boolean(await navigator.gpu?.requestAdapter().catch(() => null));
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  await open_window(canvas, webgpu, location.hash, still);
  if (document.body.dataset.state === 'failed') return;
  loading.hidden = true;
  document.body.dataset.state = 'open';
  document.body.dataset.drawn = webgpu ? 'WebGPU' : 'WebGL';
  canvas.focus();
  if (damaged) tell_user(damaged);
  addEventListener('keydown', keepKey, true);
  addEventListener('hashchange', () => { if (!over) heed_link(location.hash); });
  // Now that nothing waits for the network, the page is kept for when there is none.
  navigator.serviceWorker?.register('service.js').catch(console.warn);
  // What nobody waits for, such as the list of recent projects.
  const settle = () => { if (!over) settle_files().catch(() => {}); };
  setInterval(settle, 2000);
  addEventListener('visibilitychange', settle);
  addEventListener('pagehide', settle);
}

start().catch((error) => {
  console.error(error);
  fail(`Unfreeze could not be started: ${error?.message ?? error}`);
});
