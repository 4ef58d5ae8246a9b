/** The application that describes itself. It connects to nothing and reads no configuration of this machine. */
import { randomBytes } from 'node:crypto';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/platform/config/config.js';

const config = parseConfig({
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  JWT_SECRET: randomBytes(48).toString('base64'),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
});
export const app = await createApp(config);
