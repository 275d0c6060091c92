// The life of a worker: told what to be and which program to run, it runs it and passes messages on.

import init, { give_model_file, hear, run_assistant, run_engine } from './unfreeze.js';
import { know } from './models.js';

// A program that has broken down answers nothing sensible any more.
const broken = (error) => {
  globalThis.postMessage({ broken: String(error?.message ?? error) });
  globalThis.close();
};
globalThis.addEventListener('error', (event) => broken(event.error ?? event.message));
globalThis.addEventListener('unhandledrejection', (event) => broken(event.reason));

// What is said before the program runs.
const early = [];
let heed = (message) => early.push(message);

async function run({ kind, program, model, files, alive }) {
  know(files);
  await new Promise((held) => {
    navigator.locks.request(alive, () => { held(); return new Promise(() => {}); });
  });
  globalThis.postMessage('alive');
  await init({ module_or_path: program });
  for (const [name, bytes] of model) give_model_file(name, bytes);
  ({ assistant: run_assistant, engine: run_engine })[kind]();
  early.forEach(hear);
  heed = hear;
}

globalThis.onmessage = ({ data: beginning }) => {
  globalThis.onmessage = ({ data }) => heed(data);
  run(beginning).catch(broken);
};
