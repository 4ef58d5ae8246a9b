/** `npm start`: builds when the sources have changed since the last build, then runs the server in this process. */
import { buildIfNeeded } from './build.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
buildIfNeeded();
// npm's shell ends on SIGTERM without passing it on; the server must not stay behind on its port.
if (process.env.npm_lifecycle_event) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== shell) process.kill(process.pid, 'SIGTERM');
  }, 250).unref();
  // The server takes a second signal for impatience, so it must not get one from here.
  const told = (signal) => {
    clearInterval(watch);
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.once('SIGINT', told).once('SIGTERM', told);
}
await import('../dist/main.js');
