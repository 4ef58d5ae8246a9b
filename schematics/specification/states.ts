import { refuse } from '../naming/refusal.ts';

/** Where a record can go from each state. */
export type Ways = Readonly<Record<string, readonly string[]>>;

/**
 * Reads `open>pending>closed` and `closed>open`; a colon does as well as the sign that shells take for themselves.
 * @throws Refusal for a way that leads nowhere
 */
export function parseWays(texts: readonly string[]): Ways {
  const ways = new Map<string, Set<string>>();
  for (const text of texts) {
    const states = text.split(/[>:]/);
    if (states.length < 2 || states.includes('')) {
      refuse(
        `"${text}" is not a transition: write "open>pending>closed" in quotes, which keep > from the shell, or open:pending:closed`,
      );
    }
    for (const [index, from] of states.slice(0, -1).entries()) {
      const to = states[index + 1] ?? '';
      if (to === from)
        refuse(`${from} leads to itself: staying in a state is not a transition, and is always allowed`);
      ways.set(from, (ways.get(from) ?? new Set()).add(to));
    }
  }
  return Object.fromEntries([...ways].map(([from, to]) => [from, [...to]]));
}

/**
 * The same with every state of a field, in their order.
 * @throws Refusal for a state that the field does not have, or that no record gets to
 */
export function completeWays(field: string, ways: Ways, states: readonly string[], initial: string): Ways {
  const named = [...Object.keys(ways), ...Object.values(ways).flat()];
  const unknown = named.find((state) => !states.includes(state));
  if (unknown !== undefined) refuse(`${field} cannot be ${unknown}; there are ${states.join(', ')}`);
  const reached = new Set([initial]);
  for (const state of reached) for (const next of ways[state] ?? []) reached.add(next);
  const lost = states.find((state) => !reached.has(state));
  if (lost !== undefined) {
    refuse(
      `${field} begins as ${initial}, and no transitions lead from there to ${lost}: add one, such as ${initial}>${lost}`,
    );
  }
  return Object.fromEntries(states.map((state) => [state, ways[state] ?? []]));
}

/** `arrived, cancelled or missed` */
const ANY_OF = new Intl.ListFormat('en-GB', { type: 'disjunction' });

/** The ways as the documentation says them. */
export function spokenWays(ways: Ways): string {
  const parts = Object.entries(ways).flatMap(([from, to]) =>
    to.length > 0 ? [`from ${from} to ${ANY_OF.format(to)}`] : [],
  );
  return `Goes ${parts.join(', ')}.`;
}
