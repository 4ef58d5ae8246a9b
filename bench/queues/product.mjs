/** This product's executions, as built: three steps, in one process with the engine. */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { Module } from '@nestjs/common';
import { AppModule } from '../../dist/app.module.js';
import { createApp } from '../../dist/app.js';
import { SYSTEM } from '../../dist/platform/access/caller.js';
import { parseConfig } from '../../dist/platform/config/config.js';
import { ExecutionMetrics } from '../../dist/platform/executions/execution-metrics.js';
import { Executions } from '../../dist/platform/executions/executions.js';
import { Executor, NoInput } from '../../dist/platform/executions/executor.js';

export async function open({ mongoUri, onDone, effect }) {
  class Chain {
    async execute(_input, run) {
      const a = await run.step('a', { effect }, () => 1);
      const b = await run.step('b', { effect }, () => a + 1);
      return run.step('c', { effect }, () => b + 1);
    }
  }
  Executor({ type: 'bench.chain', input: NoInput })(Chain);
  class BenchModule {}
  Module({ providers: [Chain] })(BenchModule);
  const imports = Reflect.getMetadata('imports', AppModule) ?? [];
  Module({ imports: [...imports, BenchModule] })(AppModule);
  const config = parseConfig({
    NODE_ENV: 'test',
    BCRYPT_ROUNDS: '4',
    DATA_DIR: '/tmp/product-bench-none',
    LOG_LEVEL: 'info',
    MONGODB_URI: mongoUri.replace(/\/[^/?]*\?/, `/bench_product_${effect}?`),
    JWT_SECRET: randomBytes(32).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  const app = await createApp(config, new Writable({ write: (_chunk, _encoding, done) => done() }));
  await app.init();
  // Counts an execution once its outcome has been stored.
  const metrics = app.get(ExecutionMetrics, { strict: false });
  const count = metrics.count.bind(metrics);
  metrics.count = (type, status) => {
    count(type, status);
    if (type === 'bench.chain' && status === 'succeeded') onDone();
  };
  const executions = app.get(Executions, { strict: false });
  return {
    start: async () => void (await executions.start(Chain, {}, { scope: SYSTEM })),
    close: () => app.close(),
  };
}
