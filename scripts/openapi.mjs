/** `npm run openapi`: writes openapi.json. Connects to nothing and reads no configuration of this machine. */
import { writeFileSync } from 'node:fs';
import { OpenApi, printOpenApi } from '../dist/platform/openapi/openapi.js';
import { app } from './application.mjs';

const document = app.get(OpenApi, { strict: false }).document();
writeFileSync(new URL('../openapi.json', import.meta.url), printOpenApi(document));
