// The page itself: what it asks for, without a network, without WebGPU, with a file that was changed, on a phone, for those
// who do not see it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { find, HANGS, label, open, page, picture, press, serve, state, text, until, visit, widgets } from './browser.mjs';

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

test('it opens without a network after the first visit', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await tab.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (navigator.serviceWorker.controller?.state !== 'activated') await new Promise((go) => { setTimeout(go, 50); });
  });
  await server.close();
  await tab.reload();
  await state(tab, 'open');
  await tab.keyboard.press('s');
  await text(tab, '0 of 100');
  server.close = async () => {};
}));

test('a request to anywhere else is refused by the browser', { timeout: HANGS }, () => with_page({}, async (server, browser) => {
  const tab = await visit(browser, server.address);
  const elsewhere = `http://127.0.0.2:${server.port}/`;
  const refused = await tab.evaluate((address) => new Promise((tell) => {
    addEventListener('securitypolicyviolation', (event) => tell(event.effectiveDirective));
    fetch(address).then(() => tell('it went out'), () => {});
  }), elsewhere);
  assert.equal(refused, 'connect-src');
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

test('it is dark where the system is', { timeout: HANGS }, () => with_page({ scheme: 'dark' }, async (server, browser) => {
  const tab = await visit(browser, server.address);
  await text(tab, 'Drop a file of texts here');
  await picture(tab, 'dark');
}));

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
