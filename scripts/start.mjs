/** `npm start`: builds when the sources have changed since the last build, then runs the server in this process. */
import { buildIfNeeded } from './build.mjs';
import { argumentsOf } from './command-line.mjs';
import { requireNode } from './node-version.mjs';

/** On Windows a process keeps the number of a parent that is gone. */
function isThere(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

requireNode();
argumentsOf('start');
await buildIfNeeded();
// npm's shell ends on SIGTERM without passing it on; the server must not stay behind on its port.
if (process.env.npm_lifecycle_event) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell && isThere(shell)) return;
    // Windows knows no SIGTERM: sent, it would end the process at once, embedded MongoDB and all.
    if (process.platform === 'win32') process.emit('SIGTERM', 'SIGTERM');
    else process.kill(process.pid, 'SIGTERM');
  }, 250).unref();
  // The server takes a second signal for impatience, so it must not get one from here.
  const told = (signal) => {
    clearInterval(watch);
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.once('SIGINT', told).once('SIGTERM', told);
}
await import('../dist/main.js');
