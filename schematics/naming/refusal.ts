/** What is asked for cannot be generated. The message is one line for people; nothing has been written. */
export class Refusal extends Error {}

/** @throws Refusal */
export function refuse(message: string): never {
  throw new Refusal(message);
}
