/** The one element that fits. A page without it is a mistake of ours, so it is said at once. */
export function find(selector, within = document) {
  const found = within.querySelector(selector);
  if (!found) throw new Error(`There is no ${selector}`);
  return found;
}

/**
 * A new element. What it holds is text or elements, never HTML: names of people stand in it. Attributes that are
 * undefined or false are left out; functions listen to the event of their name.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false && value !== null) {
      made.setAttribute(name, value === true ? '' : value);
    }
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

/** A copy of what a template of the page holds. */
export function fromTemplate(name) {
  return find(`template[data-template="${name}"]`).content.cloneNode(true);
}

/** Shows one step of several and leads the keyboard to its heading or first field. */
export function showStep(within, step) {
  for (const each of within.querySelectorAll('[data-step]')) each.hidden = each.dataset.step !== step;
  find(`[data-step="${step}"]`, within).querySelector('[tabindex="-1"], input')?.focus();
}

/** Says what has happened, also to those who cannot see it. `action` is a button beside it. */
export function toast(text, { action, ms = 4000 } = {}) {
  const place = find('[data-toast]');
  place.replaceChildren(element('span', {}, text), ...(action ? [action] : []));
  place.classList.add('shown');
  clearTimeout(toast.timer);
  toast.timer = setTimeout(hideToast, ms);
}

export function hideToast() {
  find('[data-toast]').classList.remove('shown');
}

const waiting = new Set();

/** Runs what a button starts. The button shows that it waits, keeps the keyboard, and does nothing twice. */
export async function busy(button, action) {
  if (waiting.has(button)) return;
  waiting.add(button);
  button.setAttribute('aria-busy', 'true');
  let staysBusy = false;
  try {
    staysBusy = (await action()) === 'leaving';
  } finally {
    if (!staysBusy) {
      waiting.delete(button);
      button.removeAttribute('aria-busy');
    }
  }
}
