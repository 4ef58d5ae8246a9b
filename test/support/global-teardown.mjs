import { rm } from 'node:fs/promises';

export default async function tearDown() {
  const { testMongo } = globalThis;
  if (!testMongo) return;
  await testMongo.server.stop();
  await rm(testMongo.dataDir, { recursive: true, force: true });
}
