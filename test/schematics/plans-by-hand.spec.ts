import { describe, expect, it } from '@jest/globals';
import type { Changes } from '../../schematics/project/project.ts';
import { planFeature, planFields } from './planning.ts';

/** A change by hand to one of the files of a plan. */
function changedByHand(plan: Changes, path: string, from: string, to: string): Changes {
  const text = plan.get(path) ?? '';
  expect(text).toContain(from);
  return new Map([...plan, [path, text.replace(from, to)]]);
}

describe('a field of a feature that people have changed', () => {
  const SERVICE = 'src/modules/trial-rates/trial-rates.service.ts';
  const SCHEMA = 'src/modules/trial-rates/trial-rate.schema.ts';
  const DTO = 'src/modules/trial-rates/trial-rate.dto.ts';
  const SHARED = 'trial-rates amount:number:required --shared';

  it.each([
    ['a condition', 'page(scope, query)', 'page(scope, query, { amount: positive(query) })'],
    ['a statement', 'return this.records.page(scope', 'this.audit(scope);\n return this.records.page(scope'],
  ])('is refused where it would throw away %s', (_, from, to) => {
    const plan = changedByHand(planFeature(SHARED), SERVICE, from, to);
    expect(() => planFields('trial-rates kind:enum:a,b', plan)).toThrow(
      `${SERVICE} no longer has the generated shape: const { … } = query in list is missing`,
    );
    expect(planFields('trial-rates note:text', plan).get(SERVICE)).toContain(to.split('\n')[0]);
  });

  it('changes the calls of the repository, and no others', () => {
    const update = 'return this.records.update(scope, id, ifMatch, dto)';
    const checked = changedByHand(
      planFeature('trial-rates amount:number'),
      SERVICE,
      'const { owner }',
      'this.log({ owner: 1 });\n const { owner }',
    );
    expect(planFields('trial-rates flag:boolean', checked).get(SERVICE)).toContain('this.log({ owner: 1 });');
    const plan = changedByHand(
      planFeature('trial-rates amount:number:required'),
      SERVICE,
      update,
      `this.check(dto);\n ${update}`,
    );
    const text = planFields('trial-rates note:text', plan).get(SERVICE);
    expect(text).toContain('this.check(dto);');
    expect(text).toContain('this.records.update(scope, id, ifMatch, withDefaults(dto, DEFAULTS))');
  });

  it('keeps what a comment says', () => {
    const cents = changedByHand(
      planFeature('trial-rates amount:number:required'),
      DTO,
      'amount!: number;',
      'amount!: number; // in cents',
    );
    expect(planFields('trial-rates code:string', cents).get(DTO)).toContain('amount!: number; // in cents');
  });

  it('is refused where the unique fields stand elsewhere', () => {
    const plan = changedByHand(
      planFeature('trial-rates amount:number:required:unique'),
      SCHEMA,
      "unique: ['amount']",
      'unique: UNIQUE',
    );
    expect(() => planFields('trial-rates code:string:unique', plan)).toThrow('the list unique is missing');
  });

  it('is refused when its choices would have the name of others', () => {
    const plan = planFeature('trial-rates status:enum:a,b');
    expect(() => planFields('trial-rates statuses:enum:c,d', plan)).toThrow(
      'statuses would declare TRIAL_RATE_STATUSES',
    );
  });

  it('has a migration of its own, however long its name is', () => {
    const plural = 'trial-order-confirmation-attachments';
    const before = planFeature(`${plural} name:string`);
    const first = new Map([
      ...before,
      ...planFields(`${plural} defaultCurrencyCode:string:default=EUR`, before),
    ]);
    const second = new Map([
      ...first,
      ...planFields(`${plural} defaultCurrencyCodeName:string:default=Euro`, first),
    ]);
    const migrations = [...second.keys()].filter((path) => /src\/migrations\/\d/.test(path));
    expect(migrations).toHaveLength(2);
    expect([...second.keys()].filter((path) => path.startsWith('test/migrations-'))).toHaveLength(2);
    for (const path of migrations) expect(path.split('/').at(-1)).toMatch(/^\d{14}(-[a-z0-9]+)+\.ts$/);
  });
});
