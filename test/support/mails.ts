import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import PostalMime, { type Email } from 'postal-mime';
import { ProcessConfig } from '../../src/platform/config/process.config.js';
import type { Config } from '../../src/platform/config/config.js';

/** A mail as its reader sees it. */
export interface ReadMail extends Email {
  /** As it was sent. */
  readonly raw: string;
  /** The one address of a page in it. */
  readonly link: string;
  /** What the link brings. */
  readonly token: string;
}

export async function readMail(raw: Buffer): Promise<ReadMail> {
  const mail = await PostalMime.parse(raw);
  const links = mail.text?.match(/https?:\/\/\S+/g) ?? [];
  const [link = ''] = links;
  if (links.length > 1) throw new Error(`More than one link: ${links.join(' ')}`);
  return { ...mail, raw: raw.toString(), link, token: /#token=([\w-]{43})$/.exec(link)?.[1] ?? '' };
}

/** The mails that were written to files, in their order. */
export async function outboxOf(config: Config): Promise<ReadMail[]> {
  const folder = join(config.of(ProcessConfig).dataDir, 'outbox');
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.toSorted().map(async (name) => readMail(await readFile(join(folder, name)))));
}

/** Asks again and again until the answer is not null, undefined or false. @throws Error after `withinMs` */
export async function eventually<T>(
  ask: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  const giveUp = Date.now() + withinMs;
  for await (const _ of setInterval(10)) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (Date.now() > giveUp) break;
  }
  throw new Error(`not within ${withinMs} ms: ${ask.toString()}`);
}

/** The newest mail to this address, once there are `count` of them. */
export function mailTo(
  address: string,
  mails: () => readonly ReadMail[] | Promise<readonly ReadMail[]>,
  count = 1,
): Promise<ReadMail> {
  return eventually(async () => {
    const sent = (await mails()).filter(({ to }) => to?.some((each) => each.address === address));
    return sent.length >= count && sent.at(-1);
  });
}
