import { join } from 'node:path';

/** TypeScript's native compiler. It has no API yet: Nest's tools and the generator take that from `typescript`. */
export const COMPILER = join(import.meta.dirname, '../node_modules/typescript-native/bin/tsc');
/** Several would each work out mongoose's types anew, which costs more than they save. */
export const ONE_CHECKER = ['--checkers', '1'];
