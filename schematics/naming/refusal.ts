/** What is asked for cannot be generated. The message is one line for people; nothing has been written. */
export class Refusal extends Error {}

/** @throws Refusal */
export function refuse(message: string): never {
  throw new Refusal(message);
}

/** What something makes; undefined where it is refused. */
export function unlessRefused<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
