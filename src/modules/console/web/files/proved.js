/** Brings what a provider has answered to the page that waits for it, which alone can redeem it. */
const query = new URLSearchParams(location.search);
history.replaceState(null, '', location.pathname);
const channel = new BroadcastChannel(`${document.documentElement.dataset.key}.proof`);
// The rule is about windows; a channel has no other origin to tell.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
channel.postMessage({ code: query.get('code'), error: query.get('error') });
// Where the browser does not let the page close itself, it says what to do.
close();
