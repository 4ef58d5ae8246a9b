import { DeclarationError } from '../errors/start-error.js';

const COMMAND = /^[a-z][a-z-]{0,31}$/;
/** Names of the built-in events. */
const HAPPENINGS: ReadonlySet<string> = new Set(['created', 'updated', 'deleted', 'restored', 'transferred']);

/** @throws DeclarationError for a command whose permission or event would clash with another one */
export function requireCommands(name: string, commands: readonly string[], verbs: readonly string[]): void {
  for (const command of commands) {
    const problem = !COMMAND.test(command)
      ? 'is no name: write small letters and hyphens'
      : verbs.filter((verb) => verb === command).length > 1
        ? 'is a permission already, or there twice'
        : HAPPENINGS.has(command)
          ? 'is what others are told of records anyway: choose another name'
          : undefined;
    if (problem) throw new DeclarationError(`resource '${name}': the command ${command} ${problem}`);
  }
}
