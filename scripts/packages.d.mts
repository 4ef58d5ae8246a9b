/** Keeps a finished bundle under its name, unless it is there already, and removes bundles that are a day old. */
export function keep(draft: string, made: string): void;
