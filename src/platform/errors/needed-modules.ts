import { DeclarationError } from './start-error.js';

/** Why a module is needed, by module name. */
const reasons = new Map<string, string>();

/**
 * Records that a declaration requires a module that a product may leave out. By name, since the declaring code may not
 * import it.
 * @param because the rest of the sentence: `Shelf.read has @Cache`
 */
export function needsModule(name: string, because: string): void {
  if (!reasons.has(name)) reasons.set(name, because);
}

/** @throws DeclarationError if a needed module is not part of the application */
export function requireNeededModules(names: ReadonlySet<string>): void {
  for (const [name, because] of reasons) {
    if (!names.has(name)) {
      throw new DeclarationError(`${because}, which needs ${name}: put it into src/app.module.ts`);
    }
  }
}
