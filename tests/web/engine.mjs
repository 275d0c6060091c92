// The engine without a window: jobs in, events out. The page's, in the messages of `src/session/actor/web`, and the native one.
import { decode, encode } from 'cborg';
import { spawn } from 'node:child_process';
import path from 'node:path';

export { decode, encode };

// A tab's functions stay when it is loaded again, and call whoever listens at the time.
const listeners = new WeakMap();
async function listen(tab, listener) {
  const first = !listeners.has(tab);
  listeners.set(tab, listener);
  if (!first) return;
  await tab.exposeFunction('engineSaid', (base64, at) => listeners.get(tab).said(base64, at));
  await tab.exposeFunction('engineEnded', (reason) => listeners.get(tab).ended(reason));
}

// Runs a job in a worker of the page's own kind and gives its events with the milliseconds at which they came. `files` are
// [path, text or bytes] that the worker sees; `stop` ends the job early.
export async function run(tab, job, { files = [], stop = () => false } = {}) {
  const events = [];
  let enough;
  const over = new Promise((resolve) => { enough = resolve; });
  await listen(tab, {
    said(base64, at) {
      const event = decode(Buffer.from(base64, 'base64'), { allowBigInt: false });
      events.push({ ...event, at });
      if (['done', 'failed', 'stopped'].includes(event.event) || stop(event)) enough();
    },
    ended(reason) { events.push({ event: 'ended', reason }); enough(); },
  });
  const command = Buffer.from(encode({ command: 'start', ...job })).toString('base64');
  await tab.evaluate(async ([base64, given]) => {
    const { post, start } = await import('./engine.js');
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const text = (array) => { let out = ''; for (const byte of array) out += String.fromCharCode(byte); return btoa(out); };
    window.driven = start('engine', ([, message]) => window.engineSaid(text(message), performance.now()), (reason) => window.engineEnded(reason));
    const rows = given.map(([path, content]) => [path, bytes(content), Date.now() / 1000]);
    post(window.driven, [rows, bytes(base64)]);
  }, [command, files.map(([path, content]) => [path, Buffer.from(content).toString('base64')])]);
  await over;
  await tab.evaluate(async () => { const { close } = await import('./engine.js'); close(window.driven); });
  return events;
}

// The native program, as tests/run builds it.
const native = process.env.UNFREEZE_BINARY ?? path.join(import.meta.dirname, '../../target/release/unfreeze');

// Runs a command of the native program and gives its events, as `run` does. One that is stopped early is killed: what it would
// still do, such as measuring what it has learnt, takes a software adapter longer than the steps.
export function natively(args, { stop = () => false, env = {} } = {}) {
  return new Promise((tell, fail) => {
    const events = [];
    const program = spawn(native, [...args, '--json'], { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } });
    let rest = '';
    program.stdout.setEncoding('utf8').on('data', (piece) => {
      const lines = (rest + piece).split('\n');
      rest = lines.pop();
      events.push(...lines.map((line) => ({ ...JSON.parse(line), at: performance.now() })));
      if (events.some(stop)) program.kill('SIGKILL');
    });
    program.on('error', fail);
    program.on('close', () => tell(events));
  });
}
