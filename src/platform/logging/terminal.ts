import type { DestinationStream } from 'pino';
import type { PrettyOptions } from 'pino-pretty';

type Line = Readonly<Record<string, unknown>>;
type Paint = Readonly<Record<'gray' | 'red' | 'yellow', (text: string) => string>>;

/** What the message of a line says, or what says nothing to who looks on. */
const OF_REQUESTS = ['method', 'path', 'route', 'status', 'code', 'durationMs', 'address', 'userId'];
const SAID = new Set(['time', 'level', 'pid', 'hostname', 'event', 'requestId', 'msg', ...OF_REQUESTS]);
const IS_FILE = /\/files\/:version\/:file$/;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

function aboutRequest({ method, path, status, durationMs, code }: Line): string {
  return [method, path, status, `${Math.round(Number(durationMs))} ms`, code].filter(Boolean).join(' ');
}

/** `mail_failed kind=reset-password` */
function aboutEvent(line: Line): string {
  const fields = Object.entries(line).filter(([name]) => !SAID.has(name) && name !== 'err');
  return [line['event'], line['msg'], ...fields.map(([name, value]) => `${name}=${String(value)}`)]
    .filter(Boolean)
    .join(' ');
}

function messageOf(line: Line, level: string, paint: Paint): string {
  const { time, event, msg } = line;
  const isBad = level === 'error' || level === 'fatal';
  const word = level === 'info' ? '' : (isBad ? paint.red : paint.yellow)(level.toUpperCase());
  const text = event === 'request' ? aboutRequest(line) : event ? aboutEvent(line) : String(msg ?? '');
  return [paint.gray(clock.format(Number(time))), word, text].filter(Boolean).join(' ');
}

/** What a start does each time, before the banner says where the server listens. */
const OF_STARTS = /^(listening|indexes_\w+|migration_\w+)$|^Server listening at /;

/** Files of pages are many, and tell nothing unless they are missing. */
function isRoutine({ level, event, msg, route, status }: Line): boolean {
  if (event === 'request') return IS_FILE.test(String(route)) && Number(status) < 400;
  return level === 'info' && OF_STARTS.test(String(event ?? msg));
}

/**
 * Log lines as people read them: `10:52 POST /api/v1/auth/register 201 84 ms`. For who develops at a terminal; undefined
 * where the package for it is not installed.
 * @param isWhole shows also what is dull
 */
export async function terminalLines(
  out: { write(text: string): unknown },
  { isWhole, colorize }: { readonly isWhole: boolean; readonly colorize: boolean },
): Promise<DestinationStream | undefined> {
  const pretty = await import('pino-pretty').catch(() => undefined);
  if (!pretty) return undefined;
  const options: PrettyOptions = {
    colorize,
    ignore: [...SAID].join(','),
    messageFormat: (line, _key, _label, { colors }) =>
      messageOf(line, String(line['level']), colors as unknown as Paint),
  };
  const whole = pretty.prettyFactory(options);
  // The message of an event holds its fields already.
  const brief = pretty.prettyFactory({ ...options, hideObject: true });
  return {
    write: (text) => {
      const line = JSON.parse(text) as Line;
      if (isWhole || !isRoutine(line)) out.write((line['event'] && !line['err'] ? brief : whole)(line));
    },
  };
}
