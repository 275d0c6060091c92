// Loads the page's program, and says so where a part of it is missing or of another version: then nothing of page.js runs.

const UNEVEN = 'Its files did not all come, or not of one version, as while a new one is put on the server. Load this page again in a minute.';

import('./page.js').catch((error) => {
  console.error(error);
  const [state, share, again] = ['state', 'share', 'again'].map((id) => document.getElementById(id));
  state.setAttribute('role', 'alert');
  state.textContent = `Unfreeze could not be loaded (${error?.message ?? error}). ${UNEVEN}`;
  share.hidden = true;
  again.hidden = false;
  again.addEventListener('click', () => location.reload());
  document.body.dataset.state = 'failed';
});
