import { isIPv6 } from 'node:net';
import { variablesOf } from '../../src/platform/config/env.js';
import { Names } from '../../src/platform/outbound/names.js';
import { Outbound, OutboundError } from '../../src/platform/outbound/outbound.js';
import { OutboundConfig } from '../../src/platform/outbound/outbound.config.js';

const [ALLOW] = variablesOf(OutboundConfig);

/** What OUTBOUND_ALLOW means. */
export const networksOf = (text: string) => ALLOW?.kind.parse(text, 'production');

function configOf(allow?: string): OutboundConfig {
  const allowed = allow === undefined ? [] : networksOf(allow);
  return Object.assign(new OutboundConfig(), { allowed });
}

/** What DNS says in a test: of each name one answer after the other, the last for good. */
class ScriptedNames extends Names {
  constructor(private readonly answers: Readonly<Record<string, readonly (readonly string[])[]>>) {
    super();
  }

  private readonly asked = new Map<string, number>();

  override addressesOf(host: string) {
    const count = this.asked.get(host) ?? 0;
    this.asked.set(host, count + 1);
    const found = this.answers[host]?.at(count) ?? this.answers[host]?.at(-1) ?? [];
    return Promise.resolve(found.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 })));
  }
}

/** The client of an operator who allows networks, where DNS says what a test wants. */
export const outbound = (
  allow?: string,
  answers: Readonly<Record<string, readonly (readonly string[])[]>> = {},
) => new Outbound(configOf(allow), new ScriptedNames(answers));

/** Why a request failed. */
export async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return error instanceof OutboundError ? error.reason : String(error);
  }
}
