// Pictures of every screen, at a desk and on a phone, light and dark, to be looked at:
//
//     node tests/web/pictures.mjs FOLDER [desk|phone] [light|dark]
import fs from 'node:fs';
import path from 'node:path';
import { find, label, open, page, press, serve, text, visit } from './browser.mjs';

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844, touch: true } };
const [folder, ...only] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node tests/web/pictures.mjs FOLDER [desk|phone] [light|dark]');
  process.exit(2);
}
fs.mkdirSync(folder, { recursive: true });

async function pictures(server, size, scheme) {
  const browser = await open({ ...SIZES[size], scheme });
  const tab = await visit(browser, `${server.address}#epochs=2&adapt=false&seed=3&device=cpu`);
  let count = 0;
  const shot = async (name) => {
    await tab.waitForTimeout(1500);
    count += 1;
    await tab.screenshot({ path: path.join(folder, `${size}-${scheme}-${String(count).padStart(2, '0')}-${name}.png`) });
  };
  const scroll = async (name) => {
    const { width, height } = SIZES[size];
    await tab.mouse.move(width / 2, height / 2);
    for (let part = 1; part <= 3; part += 1) {
      await tab.mouse.wheel(0, height * 0.6);
      await shot(`${name}-lower-${part}`);
    }
    await tab.mouse.wheel(0, -10 * height);
  };
  await shot('texts-empty');
  await tab.keyboard.press('Control+2');
  await shot('label-empty');
  await tab.keyboard.press('Control+3');
  await shot('train-empty');
  await tab.keyboard.press('Control+4');
  await shot('classify-empty');
  await tab.keyboard.press('Control+5');
  await shot('write-empty');
  await tab.keyboard.press('Control+1');
  await find(tab, 'button', /^Try the sample/);
  await tab.keyboard.press('s');
  await text(tab, /^0 of 100/);
  await shot('label-first');
  await label(tab, 24);
  await tab.waitForTimeout(3000);
  await shot('label');
  await scroll('label');
  await tab.keyboard.press('n');
  await shot('label-new');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('s');
  await shot('label-similar');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('m');
  await shot('label-map');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('Control+1');
  await shot('texts');
  await scroll('texts');
  await tab.keyboard.press('Control+3');
  await text(tab, 'Method');
  await shot('train-plan');
  await scroll('train-plan');
  await tab.keyboard.press('Control+Enter');
  await shot('train-begins');
  await find(tab, 'button', /^Classify every text/, 400_000);
  await shot('train-done');
  await scroll('train-done');
  await press(tab, 'button', /^Classify every text/, 240_000);
  await text(tab, /by run 1/, 400_000);
  await shot('classify');
  await scroll('classify');
  await tab.keyboard.press('Control+e');
  await shot('classify-export');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('Control+5');
  await shot('write');
  await tab.keyboard.press('Control+k');
  await shot('palette');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('Control+Comma');
  await shot('settings');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('Control+k');
  await tab.keyboard.type('About');
  await tab.keyboard.press('Enter');
  await shot('about');
  await browser.close();
}

const server = await serve(page);
for (const size of Object.keys(SIZES)) {
  for (const scheme of ['light', 'dark']) {
    const wanted = [[size, Object.keys(SIZES)], [scheme, ['light', 'dark']]];
    const asked = wanted.every(([one, all]) => only.includes(one) || !all.some((other) => only.includes(other)));
    if (asked) await pictures(server, size, scheme);
  }
}
await server.close();
