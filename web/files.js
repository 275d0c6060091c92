// What the user brings, on its way among the page's own files: one that they choose or drop, and what is on the clipboard.

import { paste_text, tell_user } from './unfreeze.js';

// Bytes of the largest one. The program's memory ends at 4 GB; a file is there twice while it comes, and then beside the texts
// that are found in it. A program that has no memory left breaks down.
const MOST = 500e6;

const megabytes = (bytes) => `${Math.ceil(bytes / 1e6)} MB`;

// Has the window tell why a file does not come in.
export function complain(text) { tell_user(text); }

// Whether there is room for a file; where there is none, the window tells so.
export function fits({ name, size }) {
  if (size <= MOST) return true;
  complain(`${name} has ${megabytes(size)}, and this page has room for ${megabytes(MOST)}. Split the file, or open it in Unfreeze on the desktop.`);
  return false;
}

const KINDS = '.csv,.tsv,.xlsx,.xlsm,.xls,.ods,.txt,.jsonl,.json,.parquet,.gz,.zst,.unfreeze';
// How long a window for choosing a file may take to appear, in milliseconds.
const APPEARS = 1000;

// What was asked and is not answered yet, by number.
const answers = new Map();
let questions = 0;
// Ends the last question without a file.
let giveUp = () => {};

// Opens the browser's window for choosing a file, and gives the number of this question. It takes the place of an earlier one: a
// browser that has opened no window does not say so. Safari opens one only while it tells the page of a press, others for some
// seconds after it, or after a key.
export function ask() {
  giveUp();
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = KINDS;
  let over = false;
  const answered = new Promise((answer) => {
    const end = (file) => { over = true; answer(file); };
    input.addEventListener('change', () => end(input.files[0]));
    input.addEventListener('cancel', () => end());
    giveUp = end;
  });
  // Held as well: the browser answers to nobody else.
  answers.set(questions += 1, [answered, input]);
  const pressed = Boolean(globalThis.event);
  input.click();
  if (!pressed) {
    setTimeout(() => {
      if (!over && document.hasFocus()) complain('This browser opens its window for choosing a file only for a button that is pressed. Press it, or drop the file on this window.');
    }, APPEARS);
  }
  return questions;
}

// The file that was chosen, or nothing.
export async function answer(question) {
  const [answered] = answers.get(question);
  const file = await answered;
  answers.delete(question);
  return file;
}

const BY_KEY = 'Press Ctrl+V, on a Mac Cmd+V, or drop a file here.';

// Has the window paste what is on the clipboard. To be called while the browser tells of a press: it gives the clipboard to nobody
// else, and asks the user first.
export function paste() {
  const { clipboard } = navigator;
  if (!clipboard?.readText) {
    complain(`This browser does not give the clipboard to a page's button. ${BY_KEY}`);
    return;
  }
  clipboard.readText().then((text) => {
    if (text) paste_text(text.replaceAll('\r\n', '\n'));
    else complain('There is no text on the clipboard: copy some texts first.');
  }, () => complain(`The browser has not given this page the clipboard. ${BY_KEY}`));
}
