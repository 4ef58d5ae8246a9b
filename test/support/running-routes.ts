import type { RouteOptions } from 'fastify';
import { createApp } from '../../src/app.js';
import { testConfig } from './test-app.js';

/** A route of the running server that is not HEAD or OPTIONS, with its path as the router knows it. */
export interface RunningRoute {
  readonly method: string;
  readonly url: string;
  readonly guarded: boolean;
}

/** Every route, but those of Swagger UI, which are declared before anybody can listen. */
export async function runningRoutes(): Promise<RunningRoute[]> {
  const app = await createApp(testConfig({ LOG_LEVEL: 'silent' }));
  const routes: RouteOptions[] = [];
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => void routes.push(route));
  await app.init();
  await app.close();
  return routes
    .flatMap(({ method, url, config }) =>
      [method].flat().map((each) => ({ method: each, url, guarded: config?.access?.kind !== 'public' })),
    )
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS');
}
