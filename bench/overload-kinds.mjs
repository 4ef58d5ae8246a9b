/** The kinds of greedy users and slow clients that `overload.mjs` measures. */
import { connect } from 'node:net';

export const SLOW = 500;
export const QUIET = 20;
/** Requests per second of each quiet user. */
export const QUIET_RATE = 2;

export function mixOf({ token }) {
  const auth = { authorization: `Bearer ${token}` };
  const json = { ...auth, 'content-type': 'application/json' };
  const id = (_, n) => `/api/v1/projects/66f1a0c2${(n + 1).toString(16).padStart(16, '0')}`;
  const paths = Array.from({ length: 999 }, id);
  const body = { name: 'bench-{n}', description: 'Made by the benchmark', metadata: { tags: ['web'] } };
  return [
    { weight: 70, method: 'GET', paths, headers: auth },
    { weight: 15, method: 'GET', path: '/api/v1/projects?limit=20', headers: auth },
    { weight: 10, method: 'POST', path: '/api/v1/projects', headers: json, body },
    { weight: 5, method: 'PUT', paths, headers: json, body },
  ];
}

/** The requests of quiet users: a record, now and then a list or a change. */
export async function quietMix(world) {
  const users = await Promise.all(Array.from({ length: QUIET }, (_, number) => world.join(number)));
  return users.flatMap(({ token, ids }) => {
    const headers = { authorization: `Bearer ${token}` };
    const json = { ...headers, 'content-type': 'application/json' };
    const body = { name: 'quiet-{n}', description: null, metadata: {} };
    const paths = ids.map((id) => `/api/v1/projects/${id}`);
    return [
      { weight: 7, method: 'GET', paths, headers },
      { weight: 2, method: 'GET', path: '/api/v1/projects?limit=20', headers },
      { weight: 1, method: 'PUT', paths, headers: json, body },
    ];
  });
}

/** What a greedy user requests. */
export const GREEDY_KINDS = {
  lists: ({ token }) => ({
    method: 'GET',
    path: '/api/v1/projects?limit=100&total=true',
    headers: { authorization: `Bearer ${token}` },
  }),
  writes: ({ token }) => ({
    method: 'POST',
    path: '/api/v1/projects',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: { name: 'greedy-{n}', description: 'x'.repeat(400), metadata: { tags: ['a', 'b'] } },
  }),
  'sign-ins': () => ({
    method: 'POST',
    path: '/api/v1/auth/login',
    headers: { 'content-type': 'application/json' },
    body: { email: 'bench-{n}@product.test', password: 'a wrong long password' },
  }),
  uploads: ({ token }) => ({
    method: 'POST',
    path: '/api/v1/files',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=greedy' },
    text: `--greedy\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n${'x'.repeat(200_000)}\r\n--greedy--\r\n`,
  }),
};

/** Slow clients, each of which does as little as is allowed or slightly less, with the token of another user. */
export const SLOW_KINDS = {
  headers: { head: 'GET /api/v1/projects HTTP/1.1\r\n', drip: 'X-A: b\r\n' },
  body: ({ token }) => ({
    head: `POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n`,
    drip: ' ',
  }),
  reading: ({ token }) => ({
    head: `GET /api/v1/projects?limit=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`.repeat(
      50,
    ),
    reads: false,
  }),
};

export function startSlowClients(port, kind, user) {
  const { head, drip, reads = true } = typeof kind === 'function' ? kind(user) : kind;
  const sockets = new Set();
  const open = (index) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (index % 200)}` }, () =>
      socket.write(head),
    );
    if (reads) socket.resume();
    else socket.pause();
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket) && !isOver && setTimeout(open, 1000, index));
    sockets.add(socket);
  };
  let isOver = false;
  for (let index = 0; index < SLOW; index++) open(index);
  const timer = setInterval(() => {
    if (drip) for (const socket of sockets) if (socket.writable) socket.write(drip);
  }, 1000);
  return () => {
    isOver = true;
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
}
