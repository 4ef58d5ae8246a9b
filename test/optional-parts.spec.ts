import { describe, expect, it } from '@jest/globals';
import { mayUseParts, OPTIONAL_PARTS, partsToLeaveOut } from './support/optional-parts.js';

/** The parts that stay where a file at this path has this text and these imports. */
function keptBy(path: string, text: string, ...imports: string[]): string[] {
  const left = new Set(partsToLeaveOut([{ path, text, lines: 1, imports }]));
  return OPTIONAL_PARTS.filter((part) => !left.has(part)).map(({ module }) => module);
}

describe('the parts that can be left out', () => {
  it.each([
    ['src/modules/projects/projects.service.ts', true],
    ['src/modules/projects/executors/tell-deleted.executor.ts', true],
    ['src/modules/tickets/tickets.service.ts', true],
    ['src/modules/users/executors/welcome.executor.ts', true],
    ['src/modules/users/users.service.ts', false],
    ['src/modules/organizations/organizations.service.ts', false],
    ['src/platform/database/records.ts', false],
    ['src/app.ts', false],
  ])('may be used by %s: %s', (path, may) => {
    expect(mayUseParts(path)).toBe(may);
  });

  it('are all but what a feature uses, and what that needs', () => {
    const service = 'src/modules/projects/projects.service.ts';
    expect(keptBy(service, '', 'src/platform/subscriptions/on-record.ts')).toEqual([
      'EncryptionModule',
      'ExecutionsModule',
      'SubscriptionsModule',
    ]);
    expect(keptBy(service, '@Prop({ encrypted: true })')).toEqual(['EncryptionModule']);
    expect(keptBy(service, '', 'src/platform/database/records.ts')).toEqual([]);
  });

  it('are not kept by themselves, nor by each other', () => {
    expect(keptBy('src/platform/trash/trash.ts', '', 'src/platform/trash/trash-records.ts')).toEqual([]);
    expect(keptBy('src/modules/webhooks/webhooks.service.ts', '', 'src/platform/executions/run.ts')).toEqual(
      [],
    );
  });
});
