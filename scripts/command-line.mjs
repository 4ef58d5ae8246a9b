import { parseArgs } from 'node:util';
import { COMMANDS } from './commands.mjs';

/** EX_USAGE of sysexits.h. */
export const USAGE = 64;
const HELP = ['--help', 'show this'];

function called(name) {
  return name === 'start' || name === 'test' ? `npm ${name}` : `npm run ${name}`;
}

function optionText([name, { value }]) {
  return `--${name}${value ? `=<${value}>` : ''}`;
}

function helpOf(name) {
  const { does, words, options = {}, example } = COMMANDS[name];
  const shown = Object.entries(options).map((option) => [optionText(option), option[1].about]);
  const rows = [...(words ? [[words.usage, words.about]] : []), ...shown, HELP];
  const takes = [words?.usage, ...shown.map(([text]) => `[${text}]`)].filter(Boolean).join(' ');
  const width = Math.max(...rows.map(([text]) => text.length));
  const table = rows.map(([text, about]) => `  ${text.padEnd(width)}  ${about}`).join('\n');
  return `${called(name)}${takes && ` -- ${takes}`}\n\n${does}\n\n${table}\n\nExample: ${example}\n`;
}

function faultOf({ words: { min = 0, max = Infinity, instead } = { max: 0 } }, given, values) {
  if (instead !== undefined && values[instead] !== undefined) {
    return given.length > 0 ? `'${given[0]}' belongs into the file of --${instead}` : undefined;
  }
  if (given.length < min) return 'Something is missing';
  if (given.length > max) return `Unknown argument '${given[max]}'`;
  return undefined;
}

/**
 * The options and words that a command was given, once they are what `COMMANDS` says that it takes.
 * `--help` is answered, and anything else refused with one sentence; both end the process.
 */
export function argumentsOf(name, args = process.argv.slice(2)) {
  const command = COMMANDS[name];
  const options = Object.fromEntries(
    Object.entries(command.options ?? {}).map(([option, { value, multiple = false }]) => [
      option,
      { type: value ? 'string' : 'boolean', multiple },
    ]),
  );
  const refuse = (fault) => {
    process.stderr.write(`${fault}. \`${called(name)} -- --help\` says what it takes.\n`);
    process.exit(USAGE);
  };
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(helpOf(name));
    process.exit();
  }
  let parsed;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    refuse(error.message.split(/\.?\n|\. /)[0]);
  }
  const fault = faultOf(command, parsed.positionals, parsed.values);
  if (fault !== undefined) refuse(fault);
  return { options: parsed.values, words: parsed.positionals };
}
