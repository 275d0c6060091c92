// What is computed on the browser's WebGPU: every kernel compiles, and a run loses as the native one does.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { HANGS, open, page, serve, visit } from './browser.mjs';
import { natively, run } from './engine.mjs';

const root = path.join(import.meta.dirname, '../..');
const STEPS = 20;

// The page in a browser of its own: a software adapter compiles on one core, so that the two tests share the machine well.
async function with_page(use) {
  const server = await serve(page);
  const browser = await open();
  try {
    await use(await visit(browser, server.address));
  } finally {
    await browser.close();
    await server.close();
  }
}

describe('WebGPU', { concurrency: true }, () => {
  test('every kernel compiles', { timeout: HANGS, skip: !process.env.UNFREEZE_KERNELS && 'UNFREEZE_KERNELS names no file' }, (t) => with_page(async (tab) => {
    const kernels = JSON.parse(fs.readFileSync(process.env.UNFREEZE_KERNELS, 'utf8'));
    assert.ok(kernels.length > 50);
    const complaints = await tab.evaluate(async (all) => {
      const device = await (await navigator.gpu.requestAdapter()).requestDevice();
      const found = [];
      for (const { name, entry, code } of all) {
        const module = device.createShaderModule({ code });
        const { messages } = await module.getCompilationInfo();
        found.push(...messages.filter((m) => m.type !== 'info').map((m) => `${name}, line ${m.lineNum}: ${m.message}`));
        await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: entry } })
          .catch((error) => found.push(`${name}: ${error.message}`));
      }
      device.destroy();
      return found;
    }, kernels);
    assert.deepEqual(complaints, []);
    t.diagnostic(`${kernels.length} kernels`);
  }));

  test('the first losses are those of the native program with the same seed', { timeout: HANGS }, (t) => with_page(async (tab) => {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'unfreeze-'));
    const sample = path.join(root, 'assets/sample/messages.csv');
    const [batch, bptt, tokens] = [4, 5, 1000];
    try {
      // Wide enough for the kernels of large layers, and small otherwise: software adapters on both sides compute it.
      const base = path.join(scratch, 'base');
      await natively(['pretrain', '--corpus', sample, '--text-column', 'text', '--out', base, '--preset', 'tiny', '--vocab', '600',
        '--hidden', '330', '--max-tokens', '2000', '--device', 'cpu', '--seed', '3']);
      const model = ['config.json', 'vocab.json', 'model.safetensors'].map((file) => [`/scratch/base/${file}`, fs.readFileSync(path.join(base, file))]);
      const enough = (event) => event.event === 'step' && event.step >= STEPS;
      const lines = await natively(['adapt', '--texts', sample, '--out', path.join(scratch, 'lm'), '--model', base, '--device', 'wgpu', '--seed', '3',
        '--epochs', '1', '--batch', `${batch}`, '--bptt', `${bptt}`, '--max-tokens', `${tokens}`], { stop: enough });
      const theirs = lines.filter((event) => event.event === 'step').slice(0, STEPS);
      assert.equal(theirs.length, STEPS);
      const job = {
        job: 'adapt', common: { device: 'wgpu', seed: 3 }, texts: { path: '/scratch/texts.csv', text_columns: [], label_column: null },
        model: '/scratch/base', backward: false, out: '/scratch/lm', resume: false, overwrite: true,
        lm: { epochs: 1, rate: null, batch, bptt, drop_mult: null, max_tokens: tokens },
      };
      const events = await run(tab, job, {
        files: [['/scratch/texts.csv', fs.readFileSync(sample)], ...model],
        stop: enough,
      });
      const failed = events.find((event) => ['failed', 'ended'].includes(event.event));
      assert.equal(failed, undefined);
      const ours = events.filter((event) => event.event === 'step');
      const apart = ours.map((step, at) => Math.abs(step.loss - theirs[at].loss));
      t.diagnostic(`losses ${ours[0].loss.toFixed(4)} to ${ours.at(-1).loss.toFixed(4)}, at most ${Math.max(...apart).toExponential(1)} apart`);
      assert.ok(ours.length === STEPS && Math.max(...apart) < 1e-3, `apart by ${apart}`);
      const begun = events.find((event) => event.event === 'started');
      t.diagnostic(`first step ${((ours[0].at - begun.at) / 1000).toFixed(1)} s after the start of the run, then ${((ours.at(-1).at - ours[0].at) / 1000 / (STEPS - 1)).toFixed(2)} s a step`);
      const rate = theirs.at(-1).tokens_per_second;
      t.diagnostic(`native: ${rate.toFixed(0)} tokens/s; here: ${ours.at(-1).tokens_per_second.toFixed(0)} tokens/s`);
      assert.deepEqual(tab.complaints, []);
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
  }));
});
