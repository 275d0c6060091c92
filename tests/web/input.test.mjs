// What reaches the window from outside: keys, files, the clipboard, the address, and those who do not see it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { drop, HANGS, LIMIT, open, page, press, serve, text, until, visit, widgets } from './browser.mjs';

// `before` runs in the tab before its page.
async function visited(before, work) {
  const server = await serve(page);
  const browser = await open();
  try {
    await browser.context.addInitScript(before);
    await work(await visit(browser, server.address));
  } finally {
    await browser.close();
    await server.close();
  }
}

const nothing = () => {};
const TABLE = 'text,id\nthe parcel is late,1\nthe bill is wrong,2\n';

test('keys that are the window\'s are kept from the browser, and no others', { timeout: HANGS }, () => visited(nothing, async (tab) => {
  await text(tab, 'Which texts?');
  await tab.evaluate(() => {
    window.taken = [];
    document.addEventListener('keydown', (event) => {
      if (event.key.length === 1) window.taken.push([event.key, event.defaultPrevented]);
    }, true);
  });
  const keys = ['d', 'd', 'd', 'Equal', 'Minus', '0', '2', '3', '4', '5', '1', 'k'];
  for (const key of keys) await tab.keyboard.press(`Control+${key}`);
  await text(tab, 'Start the sample afresh');
  const taken = await tab.evaluate(() => window.taken);
  assert.deepEqual(taken, ['d', 'd', 'd', '=', '-', '0', '2', '3', '4', '5', '1', 'k'].map((key) => [key, true]));
  await tab.keyboard.press('Escape');
  await tab.evaluate(() => { window.taken = []; });
  await tab.keyboard.press('Control+f');
  await tab.keyboard.press('Control+Shift+K');
  assert.deepEqual(await tab.evaluate(() => window.taken), [['f', false], ['K', false]]);
}));

test('the window for choosing a file is opened while the browser tells of the press', { timeout: HANGS }, () => visited(() => {
  const { click } = HTMLInputElement.prototype;
  HTMLInputElement.prototype.click = function heard() {
    window.within = window.event?.type;
    return click.call(this);
  };
}, async (tab) => {
  const chosen = tab.waitForEvent('filechooser', { timeout: LIMIT });
  await press(tab, 'button', 'Open a file');
  await chosen;
  assert.equal(await tab.evaluate(() => window.within), 'pointerup');
  // Whoever has not chosen may be asked again.
  const again = tab.waitForEvent('filechooser', { timeout: LIMIT });
  await press(tab, 'button', 'Open a file');
  await (await again).setFiles({ name: 'brought.csv', mimeType: 'text/csv', buffer: Buffer.from(TABLE) });
  await text(tab, 'in brought.csv');
  assert.deepEqual(tab.complaints, []);
}));

test('a workbook is a table', { timeout: HANGS }, () => visited(nothing, async (tab) => {
  const chosen = tab.waitForEvent('filechooser', { timeout: LIMIT });
  await press(tab, 'button', 'Open a file');
  const book = fileURLToPath(new URL('../fixtures/workbooks/mail.xlsx', import.meta.url));
  await (await chosen).setFiles(book);
  await text(tab, 'in mail.xlsx');
  await text(tab, /^3 texts/);
  await until(tab, 'the list of its sheets', (all) => all.some((w) => w.name === 'Sheet'));
  assert.deepEqual(tab.complaints, []);
}));

test('the Paste button pastes, and says what to do where it may not', { timeout: HANGS }, () => visited(() => {
  window.clipboard = null;
  Clipboard.prototype.readText = () => {
    window.within = window.event?.type;
    return window.clipboard === null ? Promise.reject(new DOMException('not allowed', 'NotAllowedError')) : Promise.resolve(window.clipboard);
  };
}, async (tab) => {
  await press(tab, 'button', 'Paste');
  await text(tab, /has not given this page the clipboard\. Press Ctrl\+V/);
  assert.equal(await tab.evaluate(() => window.within), 'pointerup');
  await tab.evaluate(() => { window.clipboard = ''; });
  await press(tab, 'button', 'Paste');
  await text(tab, /no text on the clipboard/);
  await tab.evaluate(() => { window.clipboard = 'the parcel is late\r\nthe bill is wrong\r\n'; });
  await press(tab, 'button', 'Paste');
  await text(tab, 'in pasted');
}));

test('what comes in stays with the page, and goes once there is a project of it', { timeout: HANGS }, () => visited(() => {
  window.sent = [];
  window.messages = 0;
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function noted(message, ...more) {
    if (Array.isArray(message)) {
      window.messages += 1;
      window.sent.push(...message[0].map(([path]) => path));
    }
    return postMessage.call(this, message, ...more);
  };
}, async (tab) => {
  await drop(tab, 'brought.csv', TABLE);
  await text(tab, 'in brought.csv');
  const before = await tab.evaluate(() => window.messages);
  await press(tab, 'button', 'Start labelling');
  await until(tab, 'the assistant to be told of it', () => tab.evaluate((known) => window.messages > known, before));
  const sent = await tab.evaluate(() => window.sent);
  assert.ok(sent.length > 0);
  assert.deepEqual(sent.filter((path) => path.startsWith('/scratch/opened')), []);
}));

test('a file that cannot be read leaves an earlier one of its name as it is', { timeout: HANGS }, () => visited(nothing, async (tab) => {
  await drop(tab, 'brought.csv', TABLE);
  await text(tab, 'in brought.csv');
  await drop(tab, 'brought.csv', 'text,id\nthe parcel is late,1,more,and more\n');
  await press(tab, 'button', 'Dismiss');
  await until(tab, 'the message to go', (all) => !all.some((w) => w.name === 'Dismiss'));
  await tab.getByRole('checkbox', { name: 'The first row names the columns' }).dispatchEvent('click');
  await text(tab, /^3 texts/);
}));

test('letters for which the page has no font are told', { timeout: HANGS }, () => visited(nothing, async (tab) => {
  await drop(tab, 'brought.csv', 'text,id\n包裹没有到,1\n账单不对,2\n');
  await text(tab, /no font for Chinese letters/);
}));

test('an address that is changed while the page is open is heeded', { timeout: HANGS }, () => visited(nothing, async (tab) => {
  await text(tab, 'Which texts?');
  await tab.evaluate(() => { location.hash = 'epochs=0'; });
  await text(tab, /asks for what cannot be chosen here \(epochs\)/);
  assert.ok(!(await widgets(tab)).some((w) => /as the address says now/.test(w.value)), 'nothing was chosen');
  await tab.evaluate(() => { location.hash = 'seed=3&epochs=7'; });
  await text(tab, /^How to train is as the address says now/);
  // The window writes its own, in its own order.
  await until(tab, 'the address of what is chosen', () => /#epochs=7&seed=3$/.test(tab.url()));
  await tab.evaluate(() => { location.hash = 'rate=no'; });
  await text(tab, /asks for what cannot be chosen here \(rate\)/);
  await until(tab, 'the address as it was', () => /#epochs=7&seed=3$/.test(tab.url()));
}));

test('the keyboard works in the window for those who come by way of its elements', { timeout: HANGS }, () => visited(nothing, async (tab) => {
  const focused = () => tab.evaluate(() => document.activeElement.id);
  await text(tab, 'Which texts?');
  // As a screen reader moves the focus.
  await tab.getByRole('button', { name: 'Try the sample' }).evaluate((element) => element.focus());
  assert.equal(await focused(), 'window');
  await until(tab, 'the focus in the window', () => tab.evaluate(() => {
    const id = document.getElementById('window').getAttribute('aria-activedescendant');
    return document.getElementById(id)?.getAttribute('aria-label') === 'Try the sample';
  }));
  await tab.keyboard.press('Enter');
  await text(tab, '0 of 100');
  await tab.getByRole('button', { name: 'Label: billing, key 1' }).evaluate((element) => { element.focus(); element.click(); });
  await text(tab, '1 of 100');
  assert.equal(await focused(), 'window');
  await tab.keyboard.press('1');
  await text(tab, '2 of 100');
  // What is typed into lies beside the canvas, and has the name of the field that it stands for.
  await tab.keyboard.press('Control+k');
  await until(tab, 'the name of the field', () => tab.evaluate(() => (
    document.getElementById('window').nextElementSibling.getAttribute('aria-label') === 'What would you like to do?')));
}));
