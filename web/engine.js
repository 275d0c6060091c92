// The engine and the assistant, each in a worker of its own with its own instance of the program: starting it, talking with it,
// noticing its end.

import { known } from './models.js';

let program;
let model;

// What ends each worker that runs.
const running = new Set();

// The compiled program and the files of the base model that reads forward, for every worker that starts.
export function prepare(compiled, files) {
  program = compiled;
  model = files;
}

const buffers = (message) => message.flat(Infinity).filter((part) => part instanceof Uint8Array).map((bytes) => bytes.buffer);

// On the page: `heard` is called with every message, `ended` once, with a reason where one is known.
export function start(kind, heard, ended) {
  const worker = new Worker('worker.js', { type: 'module', name: kind });
  const alive = `${kind} ${crypto.randomUUID()}`;
  let reason = '';
  let over = false;
  const close = () => {
    over = true;
    running.delete(close);
    worker.terminate();
  };
  running.add(close);
  const end = () => {
    if (over) return;
    close();
    ended(reason);
  };
  worker.onerror = (event) => { reason ||= event.message ?? ''; end(); };
  worker.onmessageerror = end;
  worker.onmessage = ({ data }) => {
    if (over) return;
    if (data === 'alive') {
      // The worker holds this for as long as it lives, however it ends.
      navigator.locks.request(alive, end);
    } else if (data.broken !== undefined) {
      reason = data.broken;
      end();
    } else {
      heard(data);
    }
  };
  worker.postMessage({ kind, program, model, files: known(), alive });
  return {
    post: (message) => { if (!over) worker.postMessage(message, buffers(message)); },
    close,
  };
}

// Ends all of them, of which nobody is told.
export function closeAll() { for (const close of running) close(); }

export const post = (engine, message) => engine.post(message);
export const close = (engine) => engine.close();

// In the worker: to the page.
export const tell = (message) => globalThis.postMessage(message, buffers(message));
