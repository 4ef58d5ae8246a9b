import { Types } from 'mongoose';
import { FEATURES } from '../features/features.js';
import type { Command, Feature } from './feature.js';
import { fieldsOf, sourcesOf, valueOf } from './feature-bodies.js';
import { newOrganization } from './organizations.js';
import type { TestApp } from './test-app.js';
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
  const given = Object.values(feature.commands ?? {}).flatMap(({ fields }) => Object.entries(fields));
  for (const [name, field] of [...fieldsOf(feature), ...given]) {
    if (field.ref !== undefined && name in body) {
      body[name] = await valueOf(field, 1, { caller: admin, admin });
    }
  }
  return body;
}

/** The command that a path gives. */
function commandAt(path: string): { feature: Feature; command: Command } | undefined {
  const feature = FEATURES.find((each) => path.startsWith(`${each.path}/{id}/`));
  const command = feature?.commands?.[path.split('/').at(-1) ?? ''];
  return feature && command && { feature, command };
}

/** Brings a new record to where the command of a path is allowed. */
export async function prepareFor(path: string, id: string, admin: TestClient, test: TestApp): Promise<void> {
  const { feature, command } = commandAt(path) ?? {};
  if (!feature || !command) return;
  for (const change of command.before ?? []) await admin.patch(`${feature.path}/${id}`, change);
  if (command.to) {
    const states = { $set: sourcesOf(feature, command) };
    await test.connection.collection(feature.collection).updateOne({ _id: new Types.ObjectId(id) }, states);
  }
}

/** An answer without what only a command gives a record; as it is for other routes. */
export function withoutGiven(path: string, answer: unknown): unknown {
  const given = commandAt(path)?.command.fields;
  if (!given) return answer;
  const { data, ...rest } = answer as { data: object };
  const others = Object.entries(data).filter(([name]) => !Object.hasOwn(given, name));
  return { ...rest, data: Object.fromEntries(others) };
}

/** Whether a route starts an execution, whose input and result are those of its executor. */
export function startsExecution(path: string): boolean {
  const feature = FEATURES.find((each) => path.startsWith(`${each.path}/{id}/`));
  return Object.hasOwn(feature?.starts ?? {}, path.split('/').at(-1) ?? '');
}
