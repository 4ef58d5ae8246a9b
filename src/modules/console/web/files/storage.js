/** Browsers that block cookies refuse storage by an exception. Whoever asks gets nothing then, instead of a broken page. */
export function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function store(key, value) {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Nothing is kept: the next page asks the server.
  }
}

/** Whether this browser keeps anything for the product. Where it does not, it keeps no session either. */
export function keepsNothing() {
  try {
    localStorage.getItem('');
    return !navigator.cookieEnabled;
  } catch {
    return true;
  }
}
