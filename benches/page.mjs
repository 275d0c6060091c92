// What the page costs in Chromium with software adapters, as Markdown on standard output:
//
//     web/build && cargo build --release && npm ci --prefix tests/web --ignore-scripts
//     node benches/page.mjs            # `node benches/page.mjs sizes opening` measures those parts only
//
// UNFREEZE_PAGE, UNFREEZE_BINARY and CHROMIUM name what is measured, as in tests/run; ROUNDS says how often, and
// DEVICE=cpu or wgpu measures the rates of that device only. What is compared is measured in turn, so
// that a machine that gets slower does so for both.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { find, label, open, page, serve, text, visit } from '../tests/web/browser.mjs';
import { decode, encode, natively } from '../tests/web/engine.mjs';

const root = path.join(import.meta.dirname, '..');
const sample = path.join(root, 'assets/sample/messages.csv');

const say = (line = '') => process.stdout.write(`${line}\n`);
const load = () => os.loadavg()[0].toFixed(1);
const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const quantile = (numbers, share) => sorted(numbers)[Math.min(numbers.length - 1, Math.floor(share * numbers.length))];
const median = (numbers) => quantile(numbers, 0.5);
const spread = (numbers, digits = 2) => {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${median(numbers).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
};

// Counts in the worker what it hands to WebGPU, and adds the counts to everything it says.
const COUNTING = `
const counts = { dispatches: 0, submits: 0 };
const counted = (owner, name, count) => {
  const before = owner?.prototype[name];
  if (before) owner.prototype[name] = function (...given) { counts[count] += 1; return before.apply(this, given); };
};
counted(globalThis.GPUComputePassEncoder, 'dispatchWorkgroups', 'dispatches');
counted(globalThis.GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', 'dispatches');
counted(globalThis.GPUQueue, 'submit', 'submits');
const tellPage = globalThis.postMessage.bind(globalThis);
globalThis.postMessage = (message, given) => tellPage(Array.isArray(message) ? [...message, { ...counts }] : message, given);
`;

// Notes on the page when an engine said what, and how long the main thread was away.
const NOTING = () => {
  window.heard = [];
  window.Worker = class extends Worker {
    constructor(address, options) {
      super(address, options);
      if (options?.name !== 'engine') return;
      this.addEventListener('message', ({ data }) => {
        if (data?.[1] instanceof Uint8Array) window.heard.push([performance.now(), data[1].slice(), data[2]]);
      });
    }
  };
  window.away = [];
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    window.away.push([now, now - last]);
    last = now;
  }, 0);
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => [e.startTime + e.duration, e.duration])))
    .observe({ type: 'longtask' });
};

async function heard(tab) {
  const rows = await tab.evaluate(() => window.heard.map(([at, bytes, counts]) => {
    let out = '';
    for (const byte of bytes) out += String.fromCharCode(byte);
    return [at, btoa(out), counts];
  }));
  return rows.map(([at, base64, counts]) => ({ ...decode(Buffer.from(base64, 'base64'), { allowBigInt: false }), at, ...counts }));
}

async function with_page(work) {
  const server = await serve(page);
  server.changed.set('/worker.js', fs.readFileSync(path.join(page, 'worker.js'), 'utf8') + COUNTING);
  const browser = await open();
  try {
    await browser.context.addInitScript(NOTING);
    return await work(server, browser);
  } finally {
    await browser.close();
    await server.close();
  }
}

function sizes() {
  const files = fs.readdirSync(page, { recursive: true, encoding: 'utf8' })
    .filter((file) => fs.statSync(path.join(page, file)).isFile() && !/\.(gz|br)$/.test(file));
  const sums = { page: [0, 0, 0], forward: [0, 0, 0], backward: [0, 0, 0] };
  for (const file of files) {
    const bytes = fs.readFileSync(path.join(page, file));
    const { BROTLI_PARAM_SIZE_HINT: hint, BROTLI_PARAM_LGWIN: window } = zlib.constants;
    const brotli = zlib.brotliCompressSync(bytes, { params: { [hint]: bytes.length, [window]: 24 } });
    const sum = sums[/^base\/(forward|backward)\//.exec(file)?.[1] ?? 'page'];
    [bytes, zlib.gzipSync(bytes, { level: 9 }), brotli].forEach((packed, at) => { sum[at] += packed.length; });
  }
  const row = (name, sum) => say(`| ${name} | ${sum.map((n) => (n / 1e6).toFixed(2)).join(' | ')} |`);
  say('| MB | plain | gzip | brotli |\n|---|---|---|---|');
  row('the page without a model', sums.page);
  row('the model that reads forward', sums.forward);
  row('together, what a first visit fetches', sums.page.map((n, at) => n + sums.forward[at]));
  row('the model that reads backward, fetched when it is needed', sums.backward);
}

async function opening(rounds = Number(process.env.ROUNDS ?? 5)) {
  const [paint, first, again] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    await with_page(async (server, browser) => {
      const opened = async () => {
        const tab = await visit(browser, server.address);
        const times = await tab.evaluate(() => new Promise((tell) => {
          requestAnimationFrame(() => requestAnimationFrame(() => tell([
            performance.getEntriesByName('first-contentful-paint')[0]?.startTime, performance.now()])));
        }));
        return [tab, ...times];
      };
      const [tab, painted, shown] = await opened();
      paint.push(painted / 1000);
      first.push(shown / 1000);
      await tab.evaluate(async () => {
        await navigator.serviceWorker.ready;
        while (navigator.serviceWorker.controller?.state !== 'activated') await new Promise((go) => { setTimeout(go, 50); });
      });
      await tab.close();
      again.push((await opened())[2] / 1000);
    });
  }
  say(`| seconds after the address was given, ${rounds} rounds | median (least to most) |\n|---|---|`);
  say(`| first paint: the name and how far it has loaded | ${spread(paint)} |`);
  say(`| first frame of the window, first visit, files from the same machine | ${spread(first)} |`);
  say(`| first frame of the window, next visit | ${spread(again)} |`);
}

// What the window is made to train: on the processor everything, on a software adapter, where reading all texts takes an hour,
// the classifier alone, and after so many milliseconds without a step what there is.
const PATIENCE = 120_000;
const WATCHED = [['cpu', 'adapt=true'], ['wgpu', 'adapt=false&epochs=200']];

// The window is used as anybody would, and what it does while it trains is noted.
async function training(device, link) {
  return with_page(async (server, browser) => {
    const tab = await visit(browser, `${server.address}#seed=3&device=${device}&${link}`);
    await tab.keyboard.press('s');
    await label(tab, 16);
    await tab.keyboard.press('Control+3');
    await text(tab, 'Method');
    await tab.waitForTimeout(3000);
    const watch = async (milliseconds) => {
      const from = await tab.evaluate(() => performance.now());
      await tab.waitForTimeout(milliseconds);
      return tab.evaluate((begin) => {
        const within = (list) => list.filter(([at, length]) => at - length >= begin).map(([, length]) => length);
        return { away: within(window.away), tasks: within(window.tasks) };
      }, from);
    };
    const idle = await watch(10_000);
    const pressed = await tab.evaluate(() => performance.now());
    await tab.keyboard.press('Control+Enter');
    let step;
    const end = Date.now() + PATIENCE;
    while (!step && Date.now() < end) {
      await tab.waitForTimeout(200);
      step = (await heard(tab)).find((event) => event.event === 'step');
    }
    await find(tab, 'button', 'Pause');
    const busy = await watch(30_000);
    const steps = (await heard(tab)).filter((event) => event.event === 'step').length;
    return { first: step ? ((step.at - pressed) / 1000).toFixed(1) : `none in ${PATIENCE / 1000}`, idle, busy, steps };
  });
}

async function window_while_it_trains() {
  say('| | first step after Ctrl+Enter, s | longest gap of the main thread, ms | of it, longest task, ms | 99 of 100 gaps below, ms | steps seen |');
  say('|---|---|---|---|---|---|');
  for (const [device, link] of WATCHED) {
    const { first, idle, busy, steps } = await training(device, link);
    const row = (name, began, seen, count) => say(`| ${name} | ${began} | ${Math.max(...seen.away).toFixed(0)} | ${Math.max(0, ...seen.tasks).toFixed(0)} | ${quantile(seen.away, 0.99).toFixed(0)} | ${count} |`);
    row(`nothing trains, ${device}`, '', idle, '');
    row(`training on ${device}`, first, busy, steps);
  }
}

const CPU = { batch: 32, bptt: 70, steps: 24 };
// A software adapter takes seconds for a step of any size.
const WGPU = { batch: 4, bptt: 5, steps: 14 };
// The Vulkan drivers that the native program is given: Mesa's, and the library that Chromium's WebGPU computes with too.
const SWIFTSHADER = path.join(path.dirname(fs.realpathSync(process.env.CHROMIUM ?? '/usr/bin/chromium')), 'vk_swiftshader_icd.json');
const DRIVERS = ['/usr/share/vulkan/icd.d/lvp_icd.x86_64.json', process.env.SWIFTSHADER ?? SWIFTSHADER, '/usr/lib/chromium/vk_swiftshader_icd.json'];
const SIDES = [
  ['cpu', CPU, {}],
  ...[...new Set(DRIVERS)].filter((file) => fs.existsSync(file)).map((file) => ['wgpu', WGPU, { VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file }]),
].filter(([device]) => !process.env.DEVICE || device === process.env.DEVICE);
const EPOCHS = 10;

async function on_the_desktop(device, { batch, bptt, steps }, env) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'unfreeze-'));
  const events = await natively(['adapt', '--texts', sample, '--out', path.join(scratch, 'lm'), '--device', device, '--seed', '3',
    '--epochs', `${EPOCHS}`, '--batch', `${batch}`, '--bptt', `${bptt}`], { env, stop: (event) => event.event === 'step' && event.step >= steps });
  fs.rmSync(scratch, { recursive: true, force: true });
  return events;
}

function in_the_page(device, { batch, bptt, steps }) {
  const job = {
    command: 'start', job: 'adapt', common: { device, seed: 3 }, texts: { path: '/scratch/texts.csv', text_columns: [], label_column: null },
    model: null, backward: false, out: '/scratch/lm', resume: false, overwrite: true,
    lm: { epochs: EPOCHS, rate: null, batch, bptt, drop_mult: null, max_tokens: null },
  };
  return with_page(async (server, browser) => {
    const tab = await visit(browser, server.address);
    await tab.evaluate(async ([base64, content]) => {
      const { post, start } = await import('./engine.js');
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      window.driven = start('engine', () => {}, () => {});
      window.heard = [];
      post(window.driven, [[['/scratch/texts.csv', new TextEncoder().encode(content), Date.now() / 1000]], bytes]);
    }, [Buffer.from(encode(job)).toString('base64'), fs.readFileSync(sample, 'utf8')]);
    for (;;) {
      await tab.waitForTimeout(300);
      const events = await heard(tab);
      const failed = events.find((event) => event.event === 'failed');
      if (failed) throw new Error(JSON.stringify(failed));
      if (events.some((event) => event.event === 'step' && event.step >= steps)) return events;
    }
  });
}

// Milliseconds between steps of the same epoch, by the step, without the first two, which compile; and what was counted.
function between(events) {
  const steps = events.filter((event) => event.event === 'step');
  const pairs = steps.slice(1).map((step, at) => [steps[at], step]).filter(([a, b]) => a.epoch === b.epoch && a.step > 2);
  return new Map(pairs.map(([a, b]) => [b.step, { ms: b.at - a.at, dispatches: b.dispatches - a.dispatches, submits: b.submits - a.submits }]));
}

async function rates(rounds = Number(process.env.ROUNDS ?? 3)) {
  say('| | batch x BPTT | native, ms a step | page, ms a step | page / native, time a step, by round | dispatches a step | submits a step |');
  say('|---|---|---|---|---|---|---|');
  for (const [device, shape, env] of SIDES) {
    const [theirs, ours, ratios, dispatches, submits] = [[], [], [], [], []];
    let named;
    for (let round = 0; round < rounds; round += 1) {
      const told = await on_the_desktop(device, shape, env);
      const here = await in_the_page(device, shape);
      const [a, b] = [between(told), between(here)];
      const shared = [...a.keys()].filter((step) => b.has(step));
      // The step in the middle: what else the machine does for a moment falls on a few of them.
      const middle = (of) => median(shared.map((step) => of.get(step).ms));
      theirs.push(middle(a));
      ours.push(middle(b));
      ratios.push(middle(b) / middle(a));
      dispatches.push(...shared.map((step) => b.get(step).dispatches));
      submits.push(...shared.map((step) => b.get(step).submits));
      named = [told, here].map((events) => events.find((event) => event.event === 'started' && event.job === 'adapt').device);
    }
    const count = (numbers) => (device === 'cpu' ? '' : spread(numbers, 0));
    say(`| ${named[0]} and ${named[1]} | ${shape.batch} x ${shape.bptt} | ${spread(theirs, 0)} | ${spread(ours, 0)} | ${ratios.map((r) => r.toFixed(2)).join(', ')} | ${count(dispatches)} | ${count(submits)} |`);
  }
}

const PARTS = { sizes, opening, training: window_while_it_trains, rates };
const chosen = process.argv.slice(2);
say(`${new Date().toISOString().slice(0, 10)}; ${os.cpus()[0].model.trim()}, ${os.cpus().length} threads`);
for (const part of chosen.length > 0 ? chosen : Object.keys(PARTS)) {
  say(`\n## ${part}\n`);
  const before = load();
  await PARTS[part]();
  say(`\nload average ${before} before, ${load()} after`);
}
