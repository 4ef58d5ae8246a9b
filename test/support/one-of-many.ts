import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { AppModule } from '../../src/app.module.js';

/** What a file of tests may have changed for its own applications. */
const ADDED = 'imports';

function setAdded(value: unknown): void {
  if (value === undefined) Reflect.deleteMetadata(ADDED, AppModule);
  else Reflect.defineMetadata(ADDED, value, AppModule);
}

/**
 * The tests of one file beside those of others in one run of Jest, which loads the product once for all of them
 * (test-groups.mjs). What the file adds to the application is there while its own tests run; hooks that it declares
 * at the top are its own, since it is a block.
 */
export function describeFile(path: string, load: () => unknown): void {
  describe(path, () => {
    let added: unknown;
    let variables: NodeJS.ProcessEnv;
    beforeAll(() => {
      variables = { ...process.env };
      setAdded(added);
    });

    load();
    added = Reflect.getMetadata(ADDED, AppModule);
    setAdded(undefined);

    afterAll(() => {
      setAdded(undefined);
      jest.restoreAllMocks();
      for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
      Object.assign(process.env, variables);
    });
  });
}
