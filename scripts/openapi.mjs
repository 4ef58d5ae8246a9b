/** `npm run openapi`: writes openapi.json. Connects to nothing and reads no configuration of this machine. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/platform/config/config.js';
import { createOpenApi, printOpenApi } from '../dist/platform/docs/openapi.js';

const config = parseConfig({
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  JWT_SECRET: randomBytes(48).toString('base64'),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
});
const app = await createApp(config);
writeFileSync(new URL('../openapi.json', import.meta.url), printOpenApi(createOpenApi(app)));
