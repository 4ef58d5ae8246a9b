import type { RouteOptions } from 'fastify';
import { createApp } from '../../src/app.js';
import { testConfig } from './test-app.js';

/** A route of the running server that is not HEAD or OPTIONS, with its path as the router knows it. */
export interface RunningRoute {
  readonly method: string;
  readonly url: string;
  readonly guarded: boolean;
  /** A request may choose the organization in which it works. */
  readonly chooses: boolean;
}

/** As a row of the authorisation matrix names it. */
export function routeOf({ method, url }: RunningRoute): string {
  return `${method} ${url}`;
}

/** Every route. */
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
      [method].flat().map((each) => {
        const { access, takesScope = false } = config ?? {};
        const chooses = takesScope && access?.kind !== 'permission';
        return { method: each, url, guarded: access?.kind !== 'public', chooses };
      }),
    )
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS');
}

/** A route as the document writes it, and whether it is guarded. */
export function routeName(method: string, url: string, isGuarded: boolean): string {
  return `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}, ${isGuarded ? 'guarded' : 'public'}`;
}
