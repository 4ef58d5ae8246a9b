import { FEATURES } from '../features/features.js';
import { fieldsOf, valueOf } from './feature-bodies.js';
import { newOrganization } from './organizations.js';
import type { TestClient } from './test-client.js';

/** The example of a body for a route of a feature, which refers to what is there. */
export async function referring(path: string, example: unknown, admin: TestClient): Promise<unknown> {
  const feature = FEATURES.find((each) => path === each.path || path.startsWith(`${each.path}/`));
  if (!feature || !example) return example;
  if (path.endsWith('/batch')) {
    const { operations } = example as { operations: { body: unknown }[] };
    const all = operations.map(async (each) => ({
      ...each,
      body: await referring(feature.path, each.body, admin),
    }));
    return { operations: await Promise.all(all) };
  }
  const body: Record<string, unknown> = { ...example };
  if (path.endsWith('/transfer')) body['organizationId'] = await newOrganization(admin);
  for (const [name, field] of fieldsOf(feature)) {
    if (field.ref !== undefined && name in body) {
      body[name] = await valueOf(field, 1, { caller: admin, admin });
    }
  }
  return body;
}
