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
  const CONTROLLER = 'src/modules/trial-rates/trial-rates.controller.ts';
  const DTO = 'src/modules/trial-rates/trial-rate.dto.ts';
  const SHARED = 'trial-rates amount:number:required --shared';

  it.each([
    ['a condition', 'page(scope, query)', 'page(scope, query, { amount: positive(query) })'],
    [
      'a statement',
      'return this.trialRates.page(scope',
      'this.audit(scope);\n return this.trialRates.page(scope',
    ],
  ])('is refused where it would throw away %s', (_, from, to) => {
    const plan = changedByHand(planFeature(SHARED), SERVICE, from, to);
    expect(() => planFields('trial-rates kind:enum:a,b', plan)).toThrow(
      `${SERVICE} has no longer the shape that is generated: const { … } = query in list is missing`,
    );
    expect(planFields('trial-rates note:text', plan).get(SERVICE)).toContain(to.split('\n')[0]);
  });

  it('changes the calls of the repository, and no others', () => {
    const update = 'return this.trialRates.update(scope, id, ifMatch, dto)';
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
    expect(text).toContain('this.trialRates.update(scope, id, ifMatch, withDefaults(dto, DEFAULTS))');
  });

  it('keeps what a comment says', () => {
    const words =
      '/**\n * Replaces all.\n * @throws ApiError TRIAL_RATE_NOT_FOUND, CONFLICT\n *   when two came at once\n * @returns it\n */';
    const comment = '/** @throws ApiError TRIAL_RATE_NOT_FOUND, PRECONDITION_FAILED, CONFLICT */';
    const plan = changedByHand(planFeature('trial-rates amount:number:required'), SERVICE, comment, words);
    expect(planFields('trial-rates code:string:unique', plan).get(SERVICE)).toContain(
      words.replace('NOT_FOUND, CONFLICT', 'NOT_FOUND, TRIAL_RATE_CODE_TAKEN, CONFLICT'),
    );
    const cents = changedByHand(
      planFeature('trial-rates amount:number:required'),
      DTO,
      'ownerId!: string;',
      'ownerId!: string; // of the owner',
    );
    expect(planFields('trial-rates code:string', cents).get(DTO)).toContain(
      'ownerId!: string; // of the owner',
    );
  });

  it('is refused where the errors of a route stand elsewhere', () => {
    const plan = changedByHand(
      planFeature(SHARED),
      CONTROLLER,
      "errors: ['TRIAL_RATE_NOT_FOUND'] })\n  async replace",
      'errors: ERRORS })\n  async replace',
    );
    expect(() => planFields('trial-rates code:string:unique', plan)).toThrow(
      'the list of errors of replace is missing',
    );
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
