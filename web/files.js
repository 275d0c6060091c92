// Files of the user's, on their way among the page's own.

import { tell_user } from './unfreeze.js';

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
