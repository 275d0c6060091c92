// Nothing that was labelled is lost: not with the browser, not with a worker, not without room.
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
