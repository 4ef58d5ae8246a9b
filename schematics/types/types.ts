import { HELD_FILES } from './files.ts';
import { NUMBERS } from './numbers.ts';
import { PLACES } from './places.ts';
import { STRUCTURES } from './structures.ts';
import { TEXTS } from './texts.ts';
import { VALUES } from './values.ts';

/** Every type that a field may have, as commands name it. */
export const FIELD_TYPES = { ...TEXTS, ...NUMBERS, ...VALUES, ...PLACES, ...STRUCTURES, ...HELD_FILES };

export type TypeName = keyof typeof FIELD_TYPES;
export const TYPES = Object.keys(FIELD_TYPES) as readonly TypeName[];
