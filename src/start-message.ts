import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';

/** Lines that say where to find what the product has. */
export function startMessage(fastify: FastifyInstance, url: string, dataDir: string): string {
  const has = (method: 'GET' | 'POST', path: string): boolean => fastify.hasRoute({ method, url: path });
  const places = [
    ...(has('GET', '/login') ? [['Console', `${url}/login`]] : []),
    ['API', `${url}/api/v1`],
    ...(has('GET', '/docs') ? [['Swagger UI', `${url}/docs`]] : []),
    ['Health', `${url}/health`],
    ['Data', dataDir],
    ...(has('POST', '/api/v1/auth/password/forgot')
      ? [['Mails', `${join(dataDir, 'outbox')}, unless SMTP_URL is set`]]
      : []),
  ];
  return `\n${places.map(([name = '', place]) => `  ${name.padEnd(12)}${place}\n`).join('')}\n`;
}
