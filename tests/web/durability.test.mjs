// Nothing that was labelled is lost: not with the browser, not with the page's program, not with a worker, not without room.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { HANGS, kept, killWorkers, label, LIMIT, open, page, press, serve, state, text, until, visit, widgets } from './browser.mjs';

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

// A page with so many labels; `work` gets its tab.
async function labelled(count, link, work) {
  const server = await serve(page);
  const browser = await open();
  try {
    const tab = await visit(browser, `${server.address}${link}`);
    await tab.keyboard.press('s');
    await label(tab, count);
    await work(tab);
  } finally {
    await browser.close();
    await server.close();
  }
}

async function again(tab, count) {
  await tab.reload();
  await state(tab, 'open');
  await tab.keyboard.press('s');
  await text(tab, `${count} of 100`);
}

test('a label of which half could be written is not taken, and nothing of it is there', { timeout: HANGS }, () => labelled(2, '', async (tab) => {
  await tab.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function half(...given) {
      if (this.name === 'blocks') throw new DOMException('no memory', 'DataCloneError');
      return put.apply(this, given);
    };
  });
  await tab.keyboard.press('1');
  await text(tab, /^(Not saved|The last 2 steps were not saved): .*no memory/);
  await text(tab, '2 of 100');
  await again(tab, 2);
}));

test('storage that the browser closes is told with what to do', { timeout: HANGS }, () => labelled(1, '', async (tab) => {
  await tab.evaluate(() => {
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function known(...given) {
      window.base = this;
      return transaction.apply(this, given);
    };
  });
  await label(tab, 1, 1);
  await tab.evaluate(() => {
    window.base.close();
    window.base.dispatchEvent(new Event('close'));
  });
  await tab.keyboard.press('1');
  await text(tab, /^(Not saved|The last 2 steps were not saved): .*it has closed its storage; load this page again/);
  await again(tab, 2);
}));

// What this page keeps of two labels, with more beside it: more than is read in one go, files of which a block is missing, one of them
// a checkpoint, what a crash has left of a write, and a block of no file.
const more = (tab) => tab.evaluate(() => new Promise((done, fail) => {
  const request = indexedDB.open('unfreeze');
  request.onerror = () => fail(request.error);
  request.onsuccess = () => {
    const base = request.result;
    const transaction = base.transaction(['paths', 'blocks'], 'readwrite');
    const [paths, blocks] = ['paths', 'blocks'].map((name) => transaction.objectStore(name));
    const block = new Uint8Array(16384);
    paths.put([1e6, 1500 * block.length, 0], '/data/large');
    for (let index = 0; index < 1500; index += 1) blocks.put(block, [1e6, index]);
    paths.put([1e6 + 1, 10, 0], '/data/damaged.unfreeze');
    paths.put([1e6 + 2, 10, 0], '/data/.unfreeze-1.tmp');
    blocks.put(block.slice(0, 10), [1e6 + 2, 0]);
    paths.put([1e6 + 3, 2 * block.length, 0], '/data/work/checkpoint');
    blocks.put(block, [1e6 + 3, 0]);
    blocks.put(block, [1e6 + 4, 0]);
    transaction.oncomplete = () => { base.close(); done(); };
    transaction.onabort = () => fail(transaction.error);
  };
}));

test('a page with much that it kept opens, without what is damaged', { timeout: HANGS }, () => labelled(2, '', async (tab) => {
  await more(tab);
  await tab.context().addInitScript(() => {
    const { getAll } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.getAll = function some(...given) {
      if (this.name === 'blocks' && given[0] === undefined) throw new DOMException('too much in one answer', 'UnknownError');
      return getAll.apply(this, given);
    };
  });
  await again(tab, 2);
  await text(tab, /damaged and was left out: damaged\.unfreeze\. Everything else is here/);
  const end = Date.now() + LIMIT;
  while ((await kept(tab, 'paths')).includes('/data/.unfreeze-1.tmp')) {
    assert.ok(Date.now() < end, 'what a crash has left goes');
    await tab.waitForTimeout(100);
  }
  const left = await kept(tab, 'paths');
  assert.ok(!left.includes('/data/work/checkpoint'), 'what can be made again goes where it is damaged');
  const files = new Set((await kept(tab, 'blocks')).map(([id]) => id));
  assert.deepEqual([2, 3, 4].filter((file) => files.has(1e6 + file)), [], 'their blocks go too');
  assert.ok(left.includes('/data/large') && left.includes('/data/damaged.unfreeze'), String(left));
}));

// A page whose browser answers so when it is asked to keep everything, once `window.answer` is called; `work` gets its tab.
async function promising(answer, work) {
  const server = await serve(page);
  const browser = await open();
  try {
    await browser.context.addInitScript((kept) => {
      window.questions = 0;
      StorageManager.prototype.persisted = () => Promise.resolve(false);
      StorageManager.prototype.persist = () => {
        window.questions += 1;
        return new Promise((answer) => { window.answer = () => answer(kept); });
      };
    }, answer);
    const tab = await visit(browser, server.address);
    await tab.keyboard.press('s');
    await text(tab, '0 of 100');
    assert.equal(await tab.evaluate(() => window.questions), 0, 'there is nothing to lose yet');
    await label(tab, 1);
    await until(tab, 'the browser to be asked', () => tab.evaluate(() => window.questions === 1));
    await work(tab);
  } finally {
    await browser.close();
    await server.close();
  }
}

test('that a browser does not promise to keep labels is told with the way out', { timeout: HANGS }, () => promising(false, async (tab) => {
  await tab.evaluate(() => window.answer());
  await label(tab, 1, 1);
  assert.ok(!(await widgets(tab)).some((w) => /does not promise/.test(w.value)), 'it would lie over the labels');
  await tab.keyboard.press('Control+3');
  await text(tab, /^This browser does not promise to keep your labels\. 'Download the project'/);
  await tab.keyboard.press('Control+1');
  await text(tab, /^This browser does not promise to keep it: .*Download the project/);
}));

test('what the browser answers late is told when it comes', { timeout: HANGS }, () => promising(false, async (tab) => {
  await tab.keyboard.press('Control+1');
  await text(tab, /^All of it is in/);
  await tab.evaluate(() => window.answer());
  await text(tab, /^This browser does not promise to keep it: .*Download the project/);
}));

test('where it promises to, nothing is said', { timeout: HANGS }, () => promising(true, async (tab) => {
  await tab.evaluate(() => window.answer());
  await tab.keyboard.press('Control+3');
  await text(tab, 'Method');
  assert.ok(!(await widgets(tab)).some((w) => /does not promise/.test(w.value)));
  await tab.keyboard.press('Control+1');
  await text(tab, /^All of it is in/);
  assert.ok(!(await widgets(tab)).some((w) => /does not promise/.test(w.value)));
}));

test('a label is kept though there is no room for a checkpoint, which is told', { timeout: HANGS }, () => labelled(8, '#epochs=200&adapt=false&device=cpu', async (tab) => {
  await tab.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function small(...given) {
      if (String(given[1]).startsWith('/data/work/')) throw new DOMException('it is full', 'QuotaExceededError');
      return put.apply(this, given);
    };
  });
  await tab.keyboard.press('Control+3');
  await text(tab, 'Method');
  await tab.keyboard.press('Control+Enter');
  await text(tab, /^A run that is broken off cannot go on .*no more room/);
  await tab.keyboard.press('Control+2');
  await label(tab, 1, 8);
  await again(tab, 9);
}));

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
