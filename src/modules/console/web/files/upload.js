import { Failure } from './request.js';
import { at } from './root.js';

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

/**
 * Sends a form or a file as `send` sends JSON, and tells how much of it has gone: `fetch` does not know.
 * @param options `progress` is called with a number from 0 to 1
 */
export function sendFile(method, path, { body, headers, signal, progress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, at(path));
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded, total }) => progress(loaded / total));
    request.addEventListener('load', () => {
      const { status } = request;
      const answer = answerOf(request);
      if (status >= 200 && status < 300) return resolve(answer);
      const retryAfter = Number(request.getResponseHeader('retry-after')) || 0;
      return reject(new Failure({ ...answer, status, retryAfter }));
    });
    request.addEventListener('error', () => reject(new Failure({})));
    request.addEventListener('abort', () => reject(new Failure({ code: 'CANCELLED' })));
    signal.addEventListener('abort', () => request.abort());
    request.send(body);
  });
}
