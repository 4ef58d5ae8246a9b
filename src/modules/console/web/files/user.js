/** Who is signed in, for every page. */
let current;
const listeners = new Set();

export const user = () => current;

export function setUser(next) {
  current = next;
  for (const listener of listeners) listener(next);
}

export function onUserChange(listener) {
  listeners.add(listener);
}
