import { readFileSync } from 'node:fs';
import { PRODUCT } from '../../src/product/product.js';

/**
 * Whether this is the base itself and not a product made from it. What is only the base's taste is checked here alone;
 * docs/your-own-code.md lists what is checked everywhere.
 */
export const IS_BASE =
  (JSON.parse(readFileSync('package.json', 'utf8')) as { name: string }).name === PRODUCT.name.toLowerCase();

/** Fails with how to mend it when code breaks a rule. */
export function expectNone(offences: readonly string[], mend: string): void {
  if (offences.length > 0) throw new Error(`${mend}\n  ${offences.join('\n  ')}\nSee docs/your-own-code.md`);
}
