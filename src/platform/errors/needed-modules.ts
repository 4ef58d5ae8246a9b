import { DeclarationError } from './start-error.js';

/** Why a module is needed, by its name. */
const reasons = new Map<string, string>();

/**
 * Notes that a declaration works only with a module which a product may leave out. By its name: who asks may not
 * import it.
 * @param because the rest of the sentence: `Shelf.read has @Cache`
 */
export function needsModule(name: string, because: string): void {
  if (!reasons.has(name)) reasons.set(name, because);
}

/** @throws DeclarationError for a module that is needed and not among those of the application */
export function requireNeededModules(names: ReadonlySet<string>): void {
  for (const [name, because] of reasons) {
    if (!names.has(name)) {
      throw new DeclarationError(`${because}, which needs ${name}: put it into src/app.module.ts`);
    }
  }
}
