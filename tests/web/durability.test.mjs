// Nothing that was labelled is lost: not with the browser, not with the page's program, not with a worker, not without room.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { HANGS, killWorkers, label, LIMIT, open, page, press, serve, state, text, until, visit, widgets } from './browser.mjs';

// A text that is kept aside is noted with its label, which makes two steps of one key.
const REFUSED = /^(Not saved|The last 2 steps were not saved): .*no more room/;

test('a browser that is killed has every label that was followed by the next text', { timeout: HANGS }, async () => {
  const server = await serve(page);
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'unfreeze-'));
  try {
    let browser = await open({ profile });
    let tab = await visit(browser, server.address);
    await tab.keyboard.press('s');
    await label(tab, 5);
    await browser.kill();
    browser = await open({ profile });
    tab = await visit(browser, server.address);
    await tab.keyboard.press('s');
    await text(tab, '5 of 100');
    assert.deepEqual(tab.complaints, []);
    await browser.close();
  } finally {
    await server.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
});

// The smallest program that traps as soon as it runs, as the page's own does where it panics.
const TRAPS = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 5, 1, 3, 0, 0, 11];

test('a program that breaks down says so, and has every label when it is loaded again', { timeout: HANGS }, async () => {
  const server = await serve(page);
  const browser = await open();
  try {
    const tab = await visit(browser, server.address);
    await tab.keyboard.press('s');
    await label(tab, 3);
    await tab.evaluate((bytes) => {
      setTimeout(() => new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))));
    }, TRAPS);
    await state(tab, 'failed');
    assert.match(await tab.getByRole('alert').textContent({ timeout: LIMIT }), /^Unfreeze has broken down\. Your labels are kept/);
    assert.ok(await tab.evaluate(() => document.getElementById('window').inert), 'what it shows is not there any more');
    const end = Date.now() + LIMIT;
    while (tab.workers().length > 0) {
      assert.ok(Date.now() < end, 'its workers end');
      await tab.waitForTimeout(100);
    }
    const loaded = tab.waitForEvent('load', { timeout: LIMIT });
    await tab.getByRole('button', { name: 'Load this page again' }).click();
    await loaded;
    await state(tab, 'open');
    await tab.keyboard.press('s');
    await text(tab, '3 of 100');
  } finally {
    await browser.close();
    await server.close();
  }
});

test('a label for which there is no room is not taken, and is told', { timeout: HANGS }, async () => {
  const server = await serve(page);
  const browser = await open();
  try {
    const tab = await visit(browser, server.address);
    await tab.keyboard.press('s');
    await label(tab, 2);
    const devtools = await browser.context.newCDPSession(tab);
    const origin = new URL(server.address).origin;
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 });
    // For half a minute the browser goes by what it found before.
    await tab.waitForTimeout(31_000);
    await tab.keyboard.press('1');
    await text(tab, REFUSED);
    await text(tab, '2 of 100');
    await devtools.send('Storage.overrideQuotaForOrigin', { origin });
    // The browser may take as long to find that there is room again: until then it refuses, and the window says so again.
    const end = Date.now() + LIMIT;
    for (let taken = false; !taken;) {
      assert.ok(Date.now() < end, 'a label is taken once there is room again');
      await press(tab, 'button', 'Dismiss');
      await until(tab, 'the message to go', (all) => !all.some((w) => REFUSED.test(w.value)));
      await tab.keyboard.press('1');
      taken = await until(tab, 'the label to be taken or refused', (all) => (
        (all.some((w) => w.value === '3 of 100') && 'taken') || (all.some((w) => REFUSED.test(w.value)) && 'refused'))) === 'taken';
    }
    await tab.reload();
    await state(tab, 'open');
    await tab.keyboard.press('s');
    await text(tab, '3 of 100');
  } finally {
    await browser.close();
    await server.close();
  }
});

test('a worker that is killed while it trains costs no label, and another one takes its place', { timeout: HANGS }, async () => {
  const server = await serve(page);
  const browser = await open();
  try {
    const tab = await visit(browser, `${server.address}#epochs=200&adapt=false&device=cpu`);
    await tab.keyboard.press('s');
    await label(tab, 8);
    await tab.keyboard.press('Control+3');
    await text(tab, 'Method');
    await tab.keyboard.press('Control+Enter');
    await until(tab, 'a step', (all) => all.find((w) => w.role === 'button' && w.name === 'Pause'));
    await killWorkers(tab, 'engine');
    await text(tab, /the engine broke off/);
    await until(tab, 'training again', (all) => all.find((w) => w.role === 'button' && /^(Train|Start|Resume|Try)/.test(w.name) && !w.disabled));
    await tab.keyboard.press('Control+2');
    await text(tab, '8 of 100');
    await label(tab, 1, 8);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('a second tab waits until the first one is closed', { timeout: HANGS }, async () => {
  const server = await serve(page);
  const browser = await open();
  try {
    const first = await visit(browser, server.address);
    const second = await visit(browser, server.address, { wait: 'waiting' });
    await first.close();
    await state(second, 'open');
    assert.ok((await widgets(second)).length > 0);
  } finally {
    await browser.close();
    await server.close();
  }
});
