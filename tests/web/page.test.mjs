// The page itself: what it asks for, without a network, in a new version, without WebGPU, with a file that was changed or is
// refused, on a phone, for those who do not see it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { drop, find, HANGS, label, LIMIT, open, page, picture, press, serve, state, text, until, visit, widgets } from './browser.mjs';
import { run } from './engine.mjs';

async function with_page(options, work) {
  const server = await serve(page);
  const browser = await open(options);
  try {
    await work(server, browser);
  } finally {
    await browser.close();
    await server.close();
  }
}

// Until the page is kept for when there is no network.
const kept = (tab) => tab.evaluate(async () => {
  await navigator.serviceWorker.ready;
  while (navigator.serviceWorker.controller?.state !== 'activated') await new Promise((go) => { setTimeout(go, 50); });
});

test('it opens without a network after the first visit', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await kept(tab);
  await server.close();
  await tab.reload();
  await state(tab, 'open');
  await tab.keyboard.press('s');
  await text(tab, '0 of 100');
  server.close = async () => {};
}));

// What runs in a worker of its own, as training in both directions does. Two steps of it need the model.
const BACKWARD = {
  job: 'adapt', common: { device: 'cpu', seed: 3 }, texts: { path: '/scratch/texts.csv', text_columns: ['text'], label_column: null },
  model: null, backward: true, out: '/scratch/lm', resume: false, overwrite: true,
  lm: { epochs: 1, rate: null, batch: 4, bptt: 5, drop_mult: null, max_tokens: 200 },
};
const TEXTS = [['/scratch/texts.csv', `text\n${'the parcel has not come and nobody answers my letters\n'.repeat(40)}`]];
const trained = (event) => event.event === 'step';

test('the model that reads backward comes when it is needed, and stays', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const address = '/base/backward/model.safetensors';
  const asked = () => server.asked.filter((name) => name === address).length;
  const tab = await visit(browser, server.address);
  await kept(tab);
  assert.equal(asked(), 0, 'nobody has needed it yet');
  const events = await run(tab, BACKWARD, { files: TEXTS, stop: trained });
  assert.equal(asked(), 1);
  const stage = 'fetch the model that reads backward';
  assert.ok(events.some((event) => event.event === 'stage_started' && event.stage === stage), 'it is told');
  assert.ok(events.some(trained), JSON.stringify(events.at(-1)));
  await server.close();
  await tab.reload();
  await state(tab, 'open');
  const again = await run(tab, BACKWARD, { files: TEXTS, stop: trained });
  assert.ok(again.some(trained), JSON.stringify(again.at(-1)));
  server.close = async () => {};
}));

test('without a network and without that model a run says what is missing', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await kept(tab);
  await server.close();
  const { event, message } = (await run(tab, BACKWARD, { files: TEXTS, stop: trained })).at(-1);
  assert.equal(event, 'failed');
  assert.match(message, /reads backward is fetched when it is first needed, and could not be .*Connect this device to the network/);
  server.close = async () => {};
}));

test('that model is refused when it was changed on its way', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const name = '/base/backward/vocab.json';
  server.changed.set(name, `${fs.readFileSync(path.join(page, name), 'utf8')} `);
  const tab = await visit(browser, server.address);
  const { event, message } = (await run(tab, BACKWARD, { files: TEXTS, stop: trained })).at(-1);
  assert.equal(event, 'failed');
  assert.match(message, /base\/backward\/vocab\.json was changed on its way/);
}));

// Hands out another version of the page, in which no worker starts.
function handOut(server, version) {
  const worker = `throw new Error('a worker of ${version}');`;
  const sum = createHash('sha256').update(worker).digest('hex');
  const service = fs.readFileSync(path.join(page, 'service.js'), 'utf8')
    .replace(/const VERSION = '[^']*'/, `const VERSION = '${version}'`)
    .replace(/'worker\.js': '[^']*'/, `'worker.js': '${sum}'`);
  server.changed.set('/service.js', service);
  server.changed.set('/worker.js', worker);
}

// The same, and waits until the browser has it beside the open one.
async function offer(server, tab, version) {
  handOut(server, version);
  await tab.evaluate(async (limit) => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const end = Date.now() + limit;
    while (!registration.waiting) {
      if (Date.now() > end) throw new Error('the new version does not wait');
      await new Promise((go) => { setTimeout(go, 50); });
    }
  }, LIMIT);
}

const FORWARD = { ...BACKWARD, backward: false };
const lastOf = async (tab) => (await run(tab, FORWARD, { files: TEXTS, stop: trained })).at(-1);

test('a new version leaves an open page its workers, and comes when it is loaded again or opened', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  let tab = await visit(browser, server.address);
  await kept(tab);
  await offer(server, tab, 'the second version');
  const own = await lastOf(tab);
  assert.ok(trained(own), JSON.stringify(own));
  await tab.reload();
  await state(tab, 'open');
  assert.match(String((await lastOf(tab)).reason), /a worker of the second version/);
  await offer(server, tab, 'the third version');
  await tab.close();
  tab = await visit(browser, server.address);
  assert.match(String((await lastOf(tab)).reason), /a worker of the third version/);
}));

test('a version of which a file is of another one is not kept, and the one before it goes on', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await kept(tab);
  const before = await tab.evaluate(() => caches.keys());
  handOut(server, 'half');
  server.changed.delete('/worker.js');
  const ended = await tab.evaluate(async (limit) => {
    const registration = await navigator.serviceWorker.ready;
    const found = new Promise((go) => { registration.addEventListener('updatefound', () => go(registration.installing)); });
    registration.update().catch(() => {});
    const worker = await found;
    const end = Date.now() + limit;
    while (worker.state === 'installing' && Date.now() < end) await new Promise((go) => { setTimeout(go, 50); });
    return worker.state;
  }, LIMIT);
  assert.equal(ended, 'redundant');
  assert.deepEqual(await tab.evaluate(() => caches.keys()), before, 'nothing of it is there');
  await tab.reload();
  await state(tab, 'open');
  assert.ok(trained(await lastOf(tab)));
}));

test('a new version takes the place of its own earlier ones and of nothing else', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await kept(tab);
  await tab.evaluate(async () => {
    // The last one is named and filled as this page's earlier versions did.
    for (const [name, file] of [['models', 'else'], ['0123456789abcdef', 'else'], ['fedcba9876543210', 'unfreeze_bg.wasm']]) {
      await (await caches.open(name)).put(file, new Response('kept'));
    }
  });
  await offer(server, tab, 'next');
  await tab.reload();
  await state(tab, 'open');
  const names = await tab.evaluate(() => caches.keys());
  assert.deepEqual(names.sort(), ['0123456789abcdef', 'models', `unfreeze ${server.address} next`]);
}));

test('a file for which there is no room, or that the browser does not read, is told', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await tab.evaluate(() => { Blob.prototype.arrayBuffer = () => Promise.reject(new DOMException('it is gone', 'NotReadableError')); });
  await drop(tab, 'gone.csv');
  await text(tab, /^What was dropped could not be read \(NotReadableError: it is gone\)/);
  await tab.evaluate(() => { Object.defineProperty(Blob.prototype, 'size', { get: () => 3e9 }); });
  await drop(tab, 'large.csv');
  await text(tab, /^large\.csv has 3000 MB, and this page has room for 500 MB/);
}));

const python = spawnSync('python3', ['--version']).status === 0;
test('the server of this machine packs what it sends for those who can unpack it', { timeout: HANGS, skip: !python && 'there is no Python' }, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'unfreeze-'));
  for (const [name, content] of [['a.js', 'plain'], ['a.js.br', 'by brotli'], ['a.js.gz', 'by gzip'], ['index.html', 'first']]) {
    fs.writeFileSync(path.join(folder, name), content);
  }
  const server = spawn('python3', [path.join(import.meta.dirname, '../../web/server.py'), folder, '0']);
  try {
    const [said] = await once(server.stdout, 'data');
    const port = Number(/:(\d+)/.exec(said)[1]);
    const get = (name, headers = {}) => new Promise((tell, fail) => {
      http.get({ host: '127.0.0.1', port, path: name, headers }, async (answer) => {
        const { statusCode, headers: { 'content-encoding': coding, 'content-type': type, 'content-security-policy': policy, etag } } = answer;
        tell({ status: statusCode, coding, type, policy, etag, content: (await answer.toArray()).join('') });
      }).on('error', fail);
    });
    const best = await get('/a.js', { 'accept-encoding': 'gzip, deflate, br, zstd' });
    assert.deepEqual([best.coding, best.content, best.type], ['br', 'by brotli', 'text/javascript']);
    assert.equal((await get('/a.js', { 'accept-encoding': 'gzip, br;q=0' })).content, 'by gzip');
    assert.equal((await get('/a.js')).content, 'plain');
    assert.equal((await get('/')).content, 'first');
    assert.equal((await get('/a.js', { 'accept-encoding': 'br', 'if-none-match': best.etag })).status, 304);
    assert.equal((await get('/none')).status, 404);
    assert.equal(best.policy, undefined);
    // What the head forbids the page comes with every file: a worker goes by its own.
    fs.writeFileSync(path.join(folder, 'index.html'), '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">');
    for (const name of ['/', '/a.js']) assert.equal((await get(name)).policy, "default-src 'self'; frame-ancestors 'none'");
  } finally {
    server.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('a request to anywhere else is refused by the browser', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  const elsewhere = `http://127.0.0.2:${server.port}/`;
  const refused = await tab.evaluate((address) => new Promise((tell) => {
    addEventListener('securitypolicyviolation', (event) => tell(event.effectiveDirective));
    fetch(address).then(() => tell('it went out'), () => {});
  }), elsewhere);
  assert.equal(refused, 'connect-src');
}));

test('a worker of a page that is kept is refused it too', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await kept(tab);
  await tab.reload();
  await state(tab, 'open');
  const end = Date.now() + LIMIT;
  while (tab.workers().length === 0) {
    assert.ok(Date.now() < end, 'a worker runs');
    await tab.waitForTimeout(100);
  }
  const refused = await tab.workers()[0].evaluate((address) => new Promise((tell) => {
    self.addEventListener('securitypolicyviolation', (event) => tell(event.effectiveDirective));
    fetch(address).then(() => tell('it went out'), () => { setTimeout(() => tell('it was not refused'), 1000); });
  }), `http://127.0.0.2:${server.port}/`);
  assert.equal(refused, 'connect-src');
}));

test('a page whose parts are of two versions says so', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  server.changed.set('/mirror.js', 'export const nothing = 0;');
  const tab = await visit(browser, server.address, { wait: 'failed' });
  assert.match(await tab.getByRole('alert').textContent({ timeout: LIMIT }), /^Unfreeze could not be loaded .*Load this page again/);
  server.changed.clear();
  const loaded = tab.waitForEvent('load', { timeout: LIMIT });
  await tab.getByRole('button', { name: 'Load this page again' }).click();
  await loaded;
  await state(tab, 'open');
}));

test('a program that was changed on its way is refused', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const name = '/unfreeze_bg.wasm';
  const bytes = fs.readFileSync(path.join(page, name));
  bytes[bytes.length >> 1] ^= 1;
  server.changed.set(name, bytes);
  const tab = await visit(browser, server.address, { wait: 'failed' });
  assert.match(await tab.textContent('#state'), /unfreeze_bg\.wasm was changed on its way/);
}));

test('a model that was changed on its way is refused', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const name = '/base/forward/model.safetensors';
  const bytes = fs.readFileSync(path.join(page, name));
  bytes[bytes.length >> 1] ^= 1;
  server.changed.set(name, bytes);
  const tab = await visit(browser, server.address, { wait: 'failed' });
  assert.match(await tab.textContent('#state'), /base\/forward\/model\.safetensors was changed on its way/);
}));

test('without WebGPU it is drawn through WebGL and computes on the processor', { timeout: HANGS }, () => with_page({ webgpu: false }, async (server, browser) => {
  const tab = await visit(browser, server.address);
  assert.equal(await tab.evaluate(() => document.body.dataset.drawn), 'WebGL');
  await text(tab, /gives no WebGPU/);
  await find(tab, 'button', /^CPU/);
  await picture(tab, 'webgl');
  await tab.keyboard.press('s');
  await label(tab, 2);
  assert.deepEqual(tab.complaints, []);
}));

const LOST = {
  WebGL: () => {
    const canvas = document.getElementById('window');
    (canvas.getContext('webgl2') ?? canvas.getContext('webgl')).getExtension('WEBGL_lose_context').loseContext();
  },
  // As the program tells it: a browser loses no device of WebGPU on demand.
  WebGPU: () => { dispatchEvent(new Event('dark')); },
};

for (const [drawn, lose] of Object.entries(LOST)) {
  test(`a graphics card that was reset is told, ${drawn}`, { timeout: HANGS }, () => with_page({ webgpu: drawn === 'WebGPU' }, async (server, browser) => {
    const tab = await visit(browser, server.address);
    await tab.evaluate(lose);
    await state(tab, 'failed');
    assert.match(await tab.getByRole('alert').textContent({ timeout: LIMIT }), /^The graphics card was reset\. Your labels are kept; load this page again/);
    const loaded = tab.waitForEvent('load', { timeout: LIMIT });
    await tab.getByRole('button', { name: 'Load this page again' }).click();
    await loaded;
    await state(tab, 'open');
  }));
}

test('a browser that keeps no site data is told of, and does not load for ever', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  await browser.context.addInitScript(() => {
    LockManager.prototype.request = () => Promise.reject(new DOMException('access is denied', 'SecurityError'));
  });
  const tab = await visit(browser, server.address, { wait: 'failed' });
  assert.match(await tab.textContent('#state'), /keeps nothing for this page \(access is denied\)\. Allow it to keep site data/);
}));

test('on a phone it is used by touch', { timeout: HANGS }, () => with_page({ width: 390, height: 844, touch: true }, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await picture(tab, 'phone-texts');
  const tap = async (role, name) => {
    const { place: [x, y, width, height] } = await find(tab, role, name);
    assert.ok(x >= 0 && x + width <= 390, `${name} is within the screen`);
    await tab.touchscreen.tap(x + width / 2, y + height / 2);
  };
  await tap('button', /^Try the sample/);
  await tap('button', /^Label: billing/);
  await text(tab, /^1 of 100/);
  await picture(tab, 'phone-label');
  await tap('button', 'Train');
  await text(tab, 'Method');
  await picture(tab, 'phone-train');
}));

// How bright what the tab shows is on average, from 0 to 255.
async function brightness(tab) {
  const shot = await tab.screenshot();
  return tab.evaluate(async (png) => {
    const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    context.drawImage(image, 0, 0);
    const colours = context.getImageData(0, 0, image.width, image.height).data.filter((_, at) => at % 4 < 3);
    return colours.reduce((sum, value) => sum + value, 0) / colours.length;
  }, shot.toString('base64'));
}

for (const [scheme, is] of [['light', (bright) => bright > 170], ['dark', (bright) => bright < 85]]) {
  test(`it is ${scheme} where the system is`, { timeout: HANGS }, () => with_page({ scheme }, async (server, browser) => {
    const tab = await visit(browser, server.address);
    await text(tab, 'Drop a file of texts here');
    await until(tab, `a ${scheme} window`, async () => is(await brightness(tab)));
    await picture(tab, scheme);
  }));
}

test('those who do not see it are told what there is, and can press it', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  const said = () => tab.textContent('#said');
  // The page's own elements, as assistive technology finds and presses them.
  await tab.getByRole('button', { name: 'Try the sample' }).dispatchEvent('click');
  await text(tab, '0 of 100');
  const asked = (await widgets(tab)).filter((w) => w.role === null).at(-1).value;
  await until(tab, 'the text to be said', async () => (await said()).includes(asked));
  const progress = tab.getByRole('progressbar', { name: /labelled/ });
  assert.equal(await progress.count(), 1);
  await tab.getByRole('button', { name: 'Label: billing, key 1' }).dispatchEvent('click');
  await text(tab, '1 of 100');
  await until(tab, 'the count to be said', async () => (await said()).includes('1 of 600 texts labelled'));
  assert.ok(!(await said()).includes(asked), 'the next text is said');
  assert.equal(await tab.getByRole('button', { name: 'Undo', exact: true }).getAttribute('aria-disabled'), null);
  assert.equal(await tab.locator('#window').getAttribute('aria-owns'), 'mirror');
}));

test('nothing moves by itself where the system asks for that', { timeout: HANGS }, () => with_page({ still: true }, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await text(tab, 'Which texts?');
  await tab.keyboard.press('Control+Comma');
  const { on } = await find(tab, 'checkbox', 'No animation');
  assert.equal(on, 'true');
}));
