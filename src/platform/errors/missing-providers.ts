import 'reflect-metadata';
import { DeclarationError } from './start-error.js';

interface KnownModule {
  readonly name: string;
  /** The tokens of its providers and controllers. */
  readonly has: readonly unknown[];
  readonly exports: readonly unknown[];
}

/** What Nest's error says of a dependency that it does not find. */
interface Unresolved {
  readonly type: unknown;
  readonly context: { readonly name?: unknown; readonly index?: number; readonly key?: unknown };
}

/** Nest's message about a parameter whose type is not there at run time. */
const UNDEFINED = /dependencies of the (\S+) \(.*at index \[(\d+)\]/s;

function tokenOf(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return entry;
  const { provide, module, forwardRef } = entry as {
    provide?: unknown;
    module?: unknown;
    forwardRef?: () => unknown;
  };
  return provide ?? module ?? forwardRef?.();
}

function nameOf(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}

/** A module and everything that it imports. */
function* modulesFrom(entry: unknown, seen = new Set()): Generator<KnownModule> {
  const type = tokenOf(entry);
  if (seen.has(entry) || typeof type !== 'function') return;
  seen.add(entry);
  const all = (key: string): unknown[] => [
    ...((Reflect.getMetadata(key, type) ?? []) as unknown[]),
    ...((entry as Record<string, unknown[] | undefined>)[key] ?? []),
  ];
  const has = [...all('providers'), ...all('controllers')].map(tokenOf);
  yield { name: type.name, has, exports: all('exports').map(tokenOf) };
  for (const imported of all('imports')) yield* modulesFrom(imported, seen);
}

function remedyOf(token: unknown, type: string, modules: readonly KnownModule[]): string {
  const home = modules.find(({ has }) => has.some((each) => nameOf(each) === type))?.name ?? 'its module';
  const record = typeof token === 'string' ? /^(.+)Records$/.exec(token)?.[1] : undefined;
  if (record) return `add RecordsModule.for(…), with the resource of ${record}, to the imports of ${home}`;
  const exporter = modules.find((module) => module.exports.includes(token))?.name;
  if (exporter) return `add ${exporter} to the imports of ${home}`;
  const owner = modules.find(({ has }) => has.includes(token))?.name;
  return owner
    ? `add it to the exports of ${owner}, and ${owner} to the imports of ${home}`
    : `add it to the providers of ${home}, or the module that exports it to the imports`;
}

/**
 * Says in one sentence what a class needs and where to add it; undefined for other errors.
 * @param root the module of the application
 */
export function missingProvider(error: unknown, root: unknown): DeclarationError | undefined {
  if (!(error instanceof Error) || !error.message.startsWith("Nest can't resolve dependencies"))
    return undefined;
  const { type, context: { name, index, key } = {} } = error as Error & Partial<Unresolved>;
  const [, unknownOf, at] = UNDEFINED.exec(error.message) ?? [];
  const refuse = (sentence: string) => new DeclarationError(sentence, { cause: error });
  if (unknownOf && (name === undefined || name === Object)) {
    return refuse(
      `${unknownOf} does not say at run time what its parameter ${Number(at) + 1} is: ` +
        'import the class without `type` and not in a circle, or write @Inject(…)',
    );
  }
  const place = index === undefined ? `property ${String(key)}` : `parameter ${index + 1}`;
  const remedy = remedyOf(name, nameOf(type), [...modulesFrom(root)]);
  return refuse(`${nameOf(type)} needs ${nameOf(name)} (${place}): ${remedy}`);
}
