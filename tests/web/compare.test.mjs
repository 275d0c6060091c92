// Methods compared in the page: begun, stopped, and found again to go on with.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { find, HANGS, label, open, page, picture, press, serve, text, visit } from './browser.mjs';

let server;
let browser;
before(async () => { server = await serve(page); browser = await open(); });
after(async () => { await browser.close(); await server.close(); });

test('a comparison of methods is stopped and gone on with when the page is loaded again', { timeout: HANGS }, async () => {
  const tab = await visit(browser, `${server.address}#epochs=1&seed=3&device=cpu`);
  await tab.keyboard.press('s');
  // A quarter is kept aside, and takes no part.
  await label(tab, 30);
  await tab.keyboard.press('Control+3');
  await press(tab, 'button', /^Compare methods/);
  await text(tab, 'Ready to compare');
  await press(tab, 'button', 'The five that say most');
  await press(tab, 'button', 'Start comparing');
  await text(tab, /^Stage 2, once for every way that has it: .*step [1-9]/, 240_000);
  await picture(tab, 'compare');
  await press(tab, 'button', 'Stop');
  await text(tab, 'Stopped: 0 of 5 ways are measured', 240_000);
  await find(tab, 'button', 'Go on');
  assert.deepEqual(tab.complaints, []);

  await tab.reload();
  await find(tab, 'button', /^Open sample: 30 of 600 texts labelled/);
  await tab.keyboard.press('s');
  await text(tab, '30 of 100');
  await tab.keyboard.press('Control+3');
  await press(tab, 'button', /^Compare methods/);
  await press(tab, 'button', 'Go on');
  await text(tab, /^Stage 2, once for every way that has it: /, 240_000);
  await press(tab, 'button', 'Stop');
  await text(tab, 'Stopped: 0 of 5 ways are measured', 240_000);
  assert.deepEqual(tab.complaints, []);
});
