import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createApp } from '../../app.js';
import { Config, parseConfig } from '../config/config.js';
import { createOpenApi, printOpenApi } from './openapi.js';

/** `npm run openapi`: writes openapi.json. Connects to nothing and reads no configuration of this machine. */
const app = await createApp(
  new Config(
    parseConfig({
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    }),
  ),
);
writeFileSync(new URL('../../../openapi.json', import.meta.url), printOpenApi(createOpenApi(app)));
