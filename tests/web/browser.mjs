// A browser that shows the page: Chromium with software adapters, a server of the page's files, and ways to find and press
// what the window shows.
import { chromium } from 'playwright-core';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json',
};

// The folder that web/build made.
export const page = process.env.UNFREEZE_PAGE ?? path.join(import.meta.dirname, '../../target/web');

// Keeps a picture of the tab in $UNFREEZE_SHOTS, where that is set, to be looked at.
export async function picture(tab, name) {
  const folder = process.env.UNFREEZE_SHOTS;
  if (!folder) return;
  fs.mkdirSync(folder, { recursive: true });
  await tab.waitForTimeout(1000);
  await tab.screenshot({ path: path.join(folder, `web-${name}.png`) });
}

// Serves a folder; `changed` may answer a name with other bytes.
export async function serve(folder) {
  const own = { asked: [], changed: new Map() };
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://page').pathname).replace(/\/$/, '/index.html');
    own.asked.push(name);
    const file = path.join(folder, path.normalize(name));
    if (!fs.existsSync(file)) { response.statusCode = 404; response.end(); return; }
    response.setHeader('content-type', TYPES[path.extname(file)] ?? 'application/octet-stream');
    const other = own.changed.get(name);
    if (other !== undefined) response.end(other);
    else fs.createReadStream(file).pipe(response);
  });
  await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
  own.port = server.address().port;
  own.address = `http://127.0.0.1:${own.port}/`;
  own.close = () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); });
  return own;
}

// Everything that Chromium asks the network for by itself is off.
const QUIET = ['--headless=new', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const SOFTWARE = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-vulkan=swiftshader', '--use-angle=swiftshader',
  '--ignore-gpu-blocklist'];
const NO_WEBGPU = ['--use-angle=swiftshader', '--ignore-gpu-blocklist', '--disable-features=WebGPU',
  '--disable-blink-features=WebGPU'];

// A browser of its own; `profile` keeps what it stores.
export async function open({ webgpu = true, width = 1280, height = 800, scheme = 'light', profile, touch = false, still = false } = {}) {
  const folder = profile ?? fs.mkdtempSync(path.join(os.tmpdir(), 'unfreeze-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: false,
    args: [...QUIET, ...(webgpu ? SOFTWARE : NO_WEBGPU)],
    ignoreDefaultArgs: ['--enable-unsafe-swiftshader'],
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: still ? 'reduce' : 'no-preference',
    hasTouch: touch,
    acceptDownloads: true,
  });
  return {
    context,
    // As the operating system does it when the memory runs out.
    async kill() {
      const closed = new Promise((over) => { context.on('close', over); });
      execFileSync('pkill', ['-KILL', '-f', '--', `user-data-dir=${folder}`]);
      await closed;
    },
    async close() {
      await context.close();
      if (!profile) fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

// What is in the page's mirror: [{ role, name, value, on, disabled, place }].
export const widgets = (tab) => tab.evaluate(() => [...document.getElementById('mirror').children].map((e) => ({
  role: e.getAttribute('role'),
  name: e.getAttribute('aria-label') ?? e.textContent,
  value: e.textContent,
  on: e.getAttribute('aria-pressed') ?? e.getAttribute('aria-checked'),
  disabled: e.getAttribute('aria-disabled') === 'true',
  now: e.getAttribute('aria-valuenow'),
  place: (e.dataset.place ?? '0 0 0 0').split(' ').map(Number),
})));

// Lets go of files over the window.
export const drop = (tab, name, content = 'text') => tab.evaluate(([called, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], called));
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    document.getElementById('window').dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true, clientX: 500, clientY: 400 }));
  }
}, [name, content]);

const matches = (pattern, text) => (pattern instanceof RegExp ? pattern.test(text) : pattern === text);

export const LIMIT = 120_000;

// A whole test. What it waits for has limits that say what was missing; this one is only for what never comes back, and far
// from what a test takes on a machine that is busy.
export const HANGS = 900_000;

// The keys of a store of what is kept.
export const kept = (tab, store) => tab.evaluate((called) => new Promise((tell, fail) => {
  const request = indexedDB.open('unfreeze');
  request.onerror = () => fail(request.error);
  request.onsuccess = () => {
    const keys = request.result.transaction(called).objectStore(called).getAllKeys();
    keys.onsuccess = () => { request.result.close(); tell(keys.result); };
  };
}), store);

// Waits until something is true of the window, and gives what it is.
export async function until(tab, what, found, limit = LIMIT) {
  const end = Date.now() + limit;
  for (;;) {
    const all = await widgets(tab);
    const value = await found(all);
    if (value) return value;
    if (Date.now() > end) {
      const seen = all.map((w) => `${w.role ?? 'text'}: ${w.name}${w.disabled ? ' (disabled)' : ''}`).join('\n    ');
      throw new Error(`waited ${limit / 1000} s for ${what}; the window shows\n    ${seen}`);
    }
    await tab.waitForTimeout(100);
    // A software adapter may take longer than that for a frame.
    await Promise.race([tab.evaluate(frames), tab.waitForTimeout(2000)]);
  }
}

// Two frames: in the second lies in its place what the first one has measured.
const frames = () => new Promise((over) => { requestAnimationFrame(() => requestAnimationFrame(over)); });

// The last one of that name: what lies over the screen comes after it.
// It must have stayed in its place for a moment: a dialog moves while it finds its size.
export function find(tab, role, name, limit) {
  let before;
  let still = 0;
  return until(tab, `${role} ${name}`, (all) => {
    const found = all.findLast((w) => w.role === role && matches(name, w.name) && !w.disabled);
    still = found && before === String(found.place) ? still + 1 : 0;
    before = String(found?.place);
    return still >= 3 && found;
  }, limit);
}

export const text = (tab, pattern, limit) => until(
  tab, `the text ${pattern}`, (all) => all.find((w) => matches(pattern, w.role === null ? w.value : w.name)), limit);

// A click of the mouse in the middle of a widget.
export async function press(tab, role, name, limit) {
  const { place: [x, y, width, height] } = await find(tab, role, name, limit);
  await tab.mouse.click(x + width / 2, y + height / 2);
}

// A new tab with the page, open; `complaints` gathers what it reports and every request that is not for the page's own files.
export async function visit(browser, address, { wait = 'open', limit = LIMIT } = {}) {
  const tab = await browser.context.newPage();
  tab.complaints = [];
  tab.on('console', (message) => { if (message.type() === 'error') tab.complaints.push(message.text()); });
  tab.on('pageerror', (error) => tab.complaints.push(String(error.stack ?? error)));
  browser.context.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(new URL(address).origin)) tab.complaints.push(`foreign request ${request.url()}`);
  });
  await tab.goto(address);
  await state(tab, wait, limit);
  return tab;
}

export async function state(tab, wanted, limit = LIMIT) {
  // A page that gives way to a new version is loaded again, and has no body for a moment.
  await tab.waitForFunction((value) => [value, 'failed'].includes(document.body?.dataset.state), wanted, { timeout: limit });
  const found = await tab.evaluate(() => [document.body.dataset.state, document.getElementById('state').textContent]);
  if (found[0] !== wanted) throw new Error(`the page is ${found[0]}, not ${wanted}: ${found[1]}`);
}

// Labels so many more texts of the sample by keys, each as soon as the one before it is stored.
export async function label(tab, count, already = 0) {
  await text(tab, `${already} of 100`);
  for (let given = already; given < already + count; given += 1) {
    await tab.keyboard.press(['1', '2'][given % 2]);
    await text(tab, `${given + 1} of 100`);
  }
}

// Ends the workers of that name, which have no say in it.
export async function killWorkers(tab, name) {
  let killed = 0;
  for (const worker of tab.workers()) {
    if (await worker.evaluate(() => self.name) !== name) continue;
    worker.evaluate(() => self.close()).catch(() => {});
    killed += 1;
  }
  if (killed === 0) throw new Error(`no worker is called '${name}'`);
}
