import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { globSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import * as fc from 'fast-check';
import type { Schema } from 'mongoose';
import { createApp } from '../src/app.js';
import { RegisterDto } from '../src/modules/auth/auth.dto.js';
import { CreateProjectDto, UpdateProjectDto } from '../src/modules/projects/project.dto.js';
import { ProjectSchema } from '../src/modules/projects/project.schema.js';
import { CreateUserDto } from '../src/modules/users/user.dto.js';
import { UserSchema } from '../src/modules/users/user.schema.js';
import { type Outcome, validatorOf } from '../src/platform/validation/compile.js';
import type { Constructor } from '../src/platform/validation/rules.js';
import { INHERITED, inputsOf } from './support/dto-inputs.js';
import { EveryField, EveryFilter, EveryList } from './support/every-field.js';
import { handlersOf } from './support/handlers.js';
import { report, SEED, soaked } from './support/soak.js';
import { testConfig } from './support/test-app.js';

/**
 * The compiled check against what it stands for, class-transformer and class-validator, on every DTO class that
 * a handler takes, and on every kind of field: both accept and refuse the same inputs, make the same values, and
 * blame the same fields.
 */

const RUNS = soaked(10_000);
/** Least part of the inputs that must be accepted, and refused: otherwise the comparison would prove little. */
const LEAST_SHARE = 0.1;

/** Messages are not compared, and making them throws on `{"length": {"toString": 0}}`. */
const STRICT = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  dismissDefaultMessages: true,
};

const PARAMETERS = /@(?:Body|Query|Param)\([^)]*\)\s*(?:\{[^}]*\}|\w+)\s*:\s*(\w+)/g;

/** The classes that the source of a controller takes, by name. */
const NAMES = [
  ...new Set(
    globSync('src/**/*{.controller,-routes}.ts').flatMap((path) =>
      Array.from(readFileSync(path, 'utf8').matchAll(PARAMETERS), ([, name = '']) => name),
    ),
  ),
].toSorted();

/** Classes of this test's own that take every kind of field. */
const OWN = [EveryField, EveryList, EveryFilter];

let app: NestFastifyApplication;
let types: Constructor[];

/** What an input comes to: a value, or the top-level fields at fault ('' is the input itself). */
interface Verdict {
  readonly value?: unknown;
  readonly faults?: readonly string[];
}

const refused = (faults: Iterable<string>): Verdict => ({ faults: [...new Set(faults)].toSorted() });

function verdictOf({ value, faults }: Outcome<object>): Verdict {
  return faults ? refused(faults.map(({ path }) => path)) : { value };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Whether an object, at any depth, has a key of its own that all objects inherit. */
function holdsInherited(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(value).some(([key, child]) => INHERITED.has(key) || holdsInherited(child))
  );
}

/**
 * What class-validator says, and what the product wants to be different from it:
 * 1. An input that is no object is refused as a whole. class-validator throws on null, and names no field.
 * 2. class-transformer silently drops keys that all objects inherit (`constructor`, `__proto__`, `toString` …).
 *    They are unknown fields like any other.
 * 3. It copies objects without a declared class, drops such keys from them, and takes what a client sends as
 *    `constructor` for their class. The rules see such objects as they were sent.
 * 4. IsEmail throws on a lone surrogate; class-validator asks it although an earlier rule has refused the value.
 */
function reference(type: Constructor, input: unknown): Verdict {
  if (!isObject(input) || Array.isArray(input)) return referenceOfNoObject(type, input);
  const entries = Object.entries(input);
  const dropped = entries.map(([key]) => key).filter((key) => INHERITED.has(key));
  const kept = entries.filter(([key]) => !INHERITED.has(key));
  const uncopied = kept.filter(([, value]) => holdsInherited(value));
  const copied = kept.filter(([, value]) => !holdsInherited(value));
  const instance = plainToInstance(type, Object.fromEntries(copied));
  Object.assign(instance, Object.fromEntries(uncopied));
  const faults = [...errorsOf(instance).map(({ property }) => property), ...dropped];
  return faults.length > 0 ? refused(faults) : { value: instance };
}

function referenceOfNoObject(type: Constructor, input: unknown): Verdict {
  if (input === null || holdsInherited(input)) return refused(['']);
  const value: unknown = plainToInstance(type, input);
  return errorsOf(value as object).length > 0 ? refused(['']) : { value };
}

function errorsOf(instance: object): ValidationError[] {
  try {
    return validateSync(instance, STRICT);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return validateSync(instance, { ...STRICT, stopAtFirstError: true });
  }
}

beforeAll(async () => {
  app = await createApp(testConfig({ LOG_LEVEL: 'silent' }));
  types = [...new Set(handlersOf(app).flatMap(({ inputs }) => inputs as Constructor[]))];
});
afterAll(() => app.close());

describe('the compiled check of DTOs', () => {
  it('is compared for every class that the source of a controller takes', () => {
    expect(NAMES).toContain('CreateProjectDto');
    expect(types.map(({ name }) => name).toSorted()).toEqual(NAMES);
  });

  it.each([...NAMES, ...OWN.map(({ name }) => name)])('agrees with class-validator on %s', (name) => {
    const type = [...types, ...OWN].find((each) => each.name === name) as Constructor;
    const validate = validatorOf(type);
    const counts = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(inputsOf(type), (input) => {
        const verdict = verdictOf(validate(input));
        const expected = reference(type, input);
        counts[verdict.faults ? 'refused' : 'accepted']++;
        expectSame(verdict, expected);
        // Nothing is left to be trimmed or composed.
        if (verdict.value) expectSame(validate({ ...verdict.value }), { value: verdict.value });
      }),
      { numRuns: RUNS, seed: SEED },
    );
    const percent = Math.round((100 * counts.accepted) / RUNS);
    report(`${name}: ${RUNS} inputs, ${percent} % accepted`);
    expect(counts.accepted).toBeGreaterThanOrEqual(LEAST_SHARE * RUNS);
    expect(counts.refused).toBeGreaterThanOrEqual(LEAST_SHARE * RUNS);
  });
});

/** toStrictEqual in a hundredth of its time. */
function expectSame(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  expect(actual).toStrictEqual(expected);
  throw new Error('They differ in what the matcher does not see');
}

function maxlengthOf(schema: Schema, field: string): number | undefined {
  return schema.path(field)?.options['maxlength'] as number | undefined;
}

describe('the lengths that schemas bound', () => {
  it.each([
    ['CreateProjectDto', CreateProjectDto, ProjectSchema],
    ['UpdateProjectDto', UpdateProjectDto, ProjectSchema],
    ['RegisterDto', RegisterDto, UserSchema],
    ['CreateUserDto', CreateUserDto, UserSchema],
  ] as const)('hold every text that %s accepts', (_, type, schema) => {
    const validate = validatorOf<object>(type);
    fc.assert(
      fc.property(inputsOf(type), (input) => {
        for (const [name, text] of Object.entries(validate(input).value ?? {}) as [string, unknown][]) {
          const maxlength = maxlengthOf(schema as Schema, name) ?? Infinity;
          if (typeof text === 'string') expect(text.length).toBeLessThanOrEqual(maxlength);
        }
      }),
      { numRuns: RUNS / 10, seed: SEED },
    );
  });

  it.each([
    ['name', 100],
    ['description', 500],
  ])('are reached by the longest %s', (field, characters) => {
    const text = '🖥\ufe0f'.repeat(characters);
    expect(validatorOf(CreateProjectDto)({ name: 'a', [field]: text }).value).toMatchObject({
      [field]: text,
    });
    expect(maxlengthOf(ProjectSchema as Schema, field)).toBe(text.length);
  });
});
