// The window's widgets as elements of the page: invisible, in the widgets' places, for screen readers and whoever else reads
// a page. What is pressed there is pressed in the window.

import { press } from './unfreeze.js';

// A worker loads this too and has no page.
const [page, canvas, said] = ['mirror', 'window', 'said'].map((id) => globalThis.document?.getElementById(id));
const elements = new Map();

function element(id, role) {
  const made = document.createElement(role === null ? 'p' : 'div');
  made.id = `w${id}`;
  if (role !== null) {
    made.setAttribute('role', role);
    // The keyboard goes on to the window, which hears it on the canvas alone.
    const tell = (pressed) => { press(id, pressed); canvas.focus({ preventScroll: true }); };
    made.addEventListener('click', () => tell(true));
    made.addEventListener('focus', () => tell(false));
  }
  return made;
}

function put(target, attribute, value) {
  if (value === null || value === undefined) target.removeAttribute(attribute);
  else if (target.getAttribute(attribute) !== String(value)) target.setAttribute(attribute, value);
}

export function show(rows, focus) {
  const left = new Set(elements.keys());
  let before = null;
  for (const [id, role, name, value, number, on, enabled, place] of rows) {
    const key = `${id} ${role}`;
    left.delete(key);
    let shown = elements.get(key);
    if (!shown) elements.set(key, shown = element(id, role));
    const text = role === null ? value ?? name : role === 'textbox' || role === 'combobox' ? value ?? '' : '';
    if (shown.textContent !== text) shown.textContent = text;
    if (role !== null) {
      put(shown, 'aria-label', name || value);
      put(shown, 'aria-disabled', enabled ? null : 'true');
      put(shown, role === 'button' ? 'aria-pressed' : 'aria-checked', on);
      put(shown, 'aria-valuenow', number[0]);
      put(shown, 'aria-valuemin', number[1]);
      put(shown, 'aria-valuemax', number[2]);
      put(shown, 'aria-valuetext', number.length > 0 ? value : null);
      put(shown, 'tabindex', role === 'img' || role === 'progressbar' || role === 'heading' ? null : '-1');
    }
    const [x, y, width, height] = place;
    const where = `${x} ${y} ${width} ${height}`;
    if (shown.dataset.place !== where) {
      shown.dataset.place = where;
      Object.assign(shown.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    }
    const here = before ? before.nextSibling : page.firstChild;
    if (here !== shown) page.insertBefore(shown, here);
    before = shown;
  }
  for (const key of left) {
    elements.get(key).remove();
    elements.delete(key);
  }
  const focused = document.getElementById(`w${focus}`);
  put(canvas, 'aria-activedescendant', focused ? focused.id : null);
  // What eframe has the focus in while a field is edited, beside the canvas.
  const field = canvas.nextElementSibling;
  if (field?.tagName === 'INPUT') {
    put(field, 'aria-label', focused?.getAttribute('aria-label'));
    put(field, 'aria-description', focused?.textContent || null);
  }
}

// What has just happened, said once.
export function say(text) {
  if (said.textContent !== text) said.textContent = text;
}

// What the window is drawn with was taken away (page.js).
export function dark() { globalThis.dispatchEvent(new Event('dark')); }

// How to train, for whoever is sent the address.
export function address(link) {
  const here = location.pathname + location.search;
  if (location.hash.slice(1) !== link) history.replaceState(null, '', link ? `${here}#${link}` : here);
}
