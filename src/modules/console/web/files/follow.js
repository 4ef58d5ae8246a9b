import { Failure } from './request.js';
import { call } from './session.js';

const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;

/** One event of the text of a stream: its type, its id, and its data. */
function eventOf(text) {
  const fields = text.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line)?.slice(1) ?? []);
  const { event, id, data } = Object.fromEntries(fields);
  return data && { type: event, id, data: JSON.parse(data) };
}

/** The events of a response, as they arrive. */
async function* eventsOf(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (text + decoder.decode(value, { stream: true })).split('\n\n');
    text = parts.pop();
    for (const event of parts.map(eventOf)) if (event) yield event;
  }
}

const pause = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/**
 * Calls back with each event of a stream until one of them is the `end`, or `signal` ends it. Goes on where a connection
 * broke off. A browser's EventSource would send no token.
 */
export async function follow(path, { signal, take }) {
  let last;
  let isOver = false;
  for (let wait = PAUSE_MS; !isOver && !signal.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    try {
      const headers = { accept: 'text/event-stream', ...(last && { 'last-event-id': last }) };
      const response = await call('GET', path, { headers, signal, take: (answer) => answer });
      for await (const { type, id, data } of eventsOf(response)) {
        last = id;
        wait = PAUSE_MS;
        take(data);
        isOver = type === 'end';
      }
    } catch (error) {
      if (signal.aborted) return;
      // Broken off while it was read: not by the server's word.
      const isRefused = error instanceof Failure && error.status >= 400 && error.status < 500;
      if (isRefused || !(error instanceof Failure || error instanceof TypeError)) throw error;
    }
    if (!isOver) await pause(wait, signal);
  }
}
