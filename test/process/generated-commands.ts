import { expect } from '@jest/globals';
import { everyField } from '../schematics/matrix.ts';
import type { ProjectCopy } from '../schematics/project-copy.ts';
import { IS_BASE } from '../support/rules.js';
import { IS_SOAK } from '../support/soak.js';

/** Refers to another feature, has objects, and a list in an order that takes no filter. */
export const PAYMENTS =
  'trial-payments invoiceId:ref:trial-invoices:required amount:number:required:min=0 paidAt:date payer:object payer.name:string:required payer.country:country parts:object:list parts.sku:string:required parts.cost:money --list=paidAt:all';
/** Has the usual fields: those of projects. */
export const NOTICES =
  'trial-notices name:string:required:unique:max=100 description:text:max=500 metadata:object';
/** Belongs to nobody. */
export const CURRENCIES =
  'trial-currencies code:string:required:unique:max=3 name:string:required aliases:string:list:required madeAt:date:default=now validFrom:day validUntil:day:after=validFrom reviewedAt:date:since=createdAt keeperId:ref:users endsAt:date:unique remark:text:search:server channels:enum:mail,phone:list:server --list=endsAt+validFrom --add=batch --add=trash --add=export --add=import --shared';
/** Fields of a feature of the matrix. */
const FIELDS = 11;
/** The tests of the whole product that a new feature concerns; the gate takes the first three. */
const WHOLE = [
  'authorisation',
  'architecture',
  'openapi-parameters',
  'openapi',
  'index-contract',
  'idempotency.e2e',
  'validation.spec',
  'routes',
  'migrations/folder.spec',
];
/** The features of the example, whose page makes them where this is the base: a product may have some of that name. */
const HELPDESK = IS_BASE ? ['helpdesk', 'tickets', 'customers', 'contracts', 'comments'] : [];
/** The gate runs the tests of some features, and of the whole product's those that speak of a generated one. */
const GATE = {
  files: [
    'trial-invoices',
    'trial-payments',
    'trial-currencies',
    'matrix',
    'migrations-trial-notice',
    'migrations-drop',
    'migrations-remove',
    'migrations-rename',
  ]
    .concat(HELPDESK, WHOLE.slice(0, 3))
    .map((name) => `test/${name}`),
  // Of the example what its page adds to features of the same fields.
  names: String.raw`trial|matrix\d|architecture|accepted all together|row for every route|helpdesk|close-stale|the command assign|which is after`,
};

/** Every type alone and with each flag that it takes, in features of a few fields; every other one is shared. */
export function matrix(): string[] {
  const fields = everyField('trial-invoices');
  const count = Math.ceil(fields.length / FIELDS);
  return Array.from({ length: count }, (_, n) => {
    const own = fields.filter((_each, index) => index % count === n);
    // The first text is looked through; no index serves that.
    return [`matrix${n}-rows`, 'label:string', ...own, ...(n % 2 ? ['--shared'] : [])].join(' ');
  });
}

/** Runs the tests of features that were written in a copy of the project, and those of the product that concern them. */
export async function expectToPass(copy: ProjectCopy, plurals: readonly string[]): Promise<void> {
  const all = [
    ...plurals.map((plural) => `test/${plural}.e2e`),
    ...HELPDESK.map((name) => `test/${name}`),
    'test/migrations-trial',
    'test/migrations-(drop|remove|rename)',
    ...WHOLE,
  ];
  const [patterns, options] = IS_SOAK ? [all, []] : [GATE.files, ['--testNamePattern', GATE.names]];
  const { code, output, failures } = await copy.testTogether(patterns, ...options);
  const [, summary = output.slice(-8000)] = /^Tests: +(.*)$/m.exec(output) ?? [];
  expect({ code, failures, summary }).toEqual({
    code: 0,
    failures: [],
    summary: expect.stringMatching(/^(\d+ skipped, )?\d{2,} passed/),
  });
}
