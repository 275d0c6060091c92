// What a user does, from the sample to a file of results, and everything found again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { find, HANGS, kept, label, LIMIT, open, page, picture, press, serve, text, until, visit } from './browser.mjs';

let server;
let browser;
let tab;
before(async () => { server = await serve(page); browser = await open(); });
after(async () => { await browser.close(); await server.close(); });

test('texts are labelled by keys, trained on, classified and exported', { timeout: HANGS }, async () => {
  // A page can be told how to train by its address.
  tab = await visit(browser, `${server.address}#epochs=1&adapt=false&seed=3&device=cpu`);
  await picture(tab, 'texts');
  await tab.keyboard.press('s');
  await label(tab, 16);
  await picture(tab, 'label');
  await tab.keyboard.press('Control+3');
  await text(tab, 'Method');
  await tab.keyboard.press('Control+Enter');
  await press(tab, 'button', /^Classify every text/, 240_000);
  await picture(tab, 'trained');
  await text(tab, /by run 1 in/, 240_000);
  await picture(tab, 'classified');
  // A row of the table, as assistive technology finds and presses it.
  await tab.getByRole('button', { name: /: .+, \d+ %$/ }).first().dispatchEvent('click');
  await text(tab, /^Why .+, \d+ %\?$/);
  await tab.keyboard.press('Control+e');
  await text(tab, 'The browser puts it among your downloads.');
  const download = tab.waitForEvent('download', { timeout: LIMIT });
  const { place: [x, y, width, height] } = await find(tab, 'button', 'Write');
  await tab.mouse.move(x + width / 2, y + height / 2);
  await text(tab, /^Gives the file to the browser/);
  await press(tab, 'button', 'Write');
  const written = fs.readFileSync(await (await download).path(), 'utf8').trim();
  // A quoted text may have lines of its own.
  const records = written.replace(/"[^"]*"/g, '').split('\n');
  assert.equal(records.length, 601, 'a record a text and the names of the columns');
  assert.match(records[0], /text/);
  assert.match(tab.url(), /#epochs=1&adapt=false&seed=3&device=cpu$/);
  assert.deepEqual(tab.complaints, []);
});

test('a page that is loaded again has the labels, the run and the classifier', { timeout: HANGS }, async () => {
  await tab.reload();
  await find(tab, 'button', /^Open sample: 16 of 600 texts labelled/);
  await tab.keyboard.press('s');
  await text(tab, '16 of 100');
  await tab.keyboard.press('Control+3');
  await text(tab, /^Measured on \d+ labels/);
  await tab.keyboard.press('Control+4');
  await text(tab, /by run 1 in/);
  assert.deepEqual(tab.complaints, []);
});

test('a project goes out as a file and comes back in another browser', { timeout: HANGS }, async () => {
  await tab.keyboard.press('Control+1');
  const download = tab.waitForEvent('download', { timeout: LIMIT });
  await press(tab, 'button', 'Download the project');
  const bytes = fs.readFileSync(await (await download).path());
  const other = await open();
  try {
    const there = await visit(other, server.address);
    await there.evaluate((base64) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], 'brought.unfreeze'));
      const canvas = document.getElementById('window');
      for (const kind of ['dragenter', 'dragover', 'drop']) {
        canvas.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true, clientX: 500, clientY: 400 }));
      }
    }, bytes.toString('base64'));
    await text(there, '16 of 100');
    // The list of projects is written beside the window.
    await until(there, 'the list to be kept', async () => (await kept(there, 'paths')).some((path) => path.endsWith('/recent.json')));
    await there.reload();
    await find(there, 'button', /^Open sample: 16 of 600/);
    assert.deepEqual(there.complaints, []);
  } finally {
    await other.close();
  }
});

test('a project is deleted from the browser once that is confirmed', { timeout: HANGS }, async () => {
  await tab.reload();
  await press(tab, 'button', 'Delete sample');
  await press(tab, 'button', 'Delete it');
  await until(tab, 'a list without it', (all) => !all.some((w) => /^Open sample/.test(w.name)));
  await tab.reload();
  await text(tab, 'Which texts?');
  // Were it still there, it would be opened with its labels.
  await tab.keyboard.press('s');
  await text(tab, '0 of 100');
  assert.deepEqual(tab.complaints, []);
});
