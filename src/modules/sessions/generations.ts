import type { mongo } from 'mongoose';
import type { Device } from '../../platform/http/device.js';
import type { Range, Session } from './session.schema.js';
import type { SessionsConfig } from './sessions.config.js';

/** So long after a refresh, whoever asks with the replaced token was merely second: a tab beside the first. */
export const GRACE_MS = 10_000;
/** Replacements of the last ten seconds are remembered, to know when one was: as many as an address has requests. */
const MAX_ROTATIONS = 300;
/** How many replacements of unused tokens are remembered. Older tokens are refused anyway. */
const MAX_ABANDONED = 10;

/**
 * What the tokens of a session have come to. A refresh gives an access and a refresh token of the next number. Until
 * one of the two is used, they may have got lost on their way, and the refresh token before them is answered again:
 * with tokens of yet another number, in place of the ones that are then abandoned. Whoever uses those shows that they
 * had arrived, so that somebody else has a copy of the token before them. For that to be noticed, no access token from
 * before counts once the later ones are used: an owner who had the lost ones must not go on without them.
 */
export interface Generations {
  /** The number of the newest tokens. */
  readonly newest: number;
  /** The last number of which a token was used: that of the refresh token that may be answered again. */
  readonly used: number;
  readonly abandoned: readonly Range[];
}

type Stored = Pick<Session, 'generation' | 'unused' | 'abandoned'>;

export const GENERATIONS_PROJECTION = { generation: 1, unused: 1, abandoned: 1 } as const;

export function generationsOf({ generation: newest, unused, abandoned = [] }: Stored): Generations {
  // An older release refreshes without telling, and only with a token that it saw used.
  const used = unused?.to === newest ? unused.from - 1 : newest;
  return { newest, used, abandoned };
}

/** Whether tokens of this number were given up for lost. */
export function isAbandoned({ newest, used, abandoned }: Generations, generation: number): boolean {
  if (generation > used && generation < newest) return true;
  return abandoned.some(({ from, to }) => generation >= from && generation <= to);
}

/** Whether access tokens of this number count no more: later ones were given up for lost, or they were themselves. */
export function isOutdated({ abandoned }: Generations, generation: number): boolean {
  return generation <= (abandoned.at(-1)?.to ?? -1);
}

/** Whether a token of this number is known to be used, and counts. */
export function isUsed(generations: Generations, generation: number): boolean {
  return generation <= generations.used && !isOutdated(generations, generation);
}

/** Notes that the newest tokens are used. */
export function useNewest(): mongo.Document[] {
  return [{ $set: { abandoned: ABANDONED, unused: '$$REMOVE' } }];
}

/**
 * Replaces the newest tokens; those of number `used` are the last that were used. Its times are the database's: the
 * clocks of processes may differ by more than the ten seconds.
 */
export function rotation(
  used: number,
  next: Pick<Session, 'generation' | 'tokenHash'>,
  device: Device,
  { idleS, absoluteS }: SessionsConfig,
) {
  return [
    {
      $set: {
        // Of a number that is used, the tokens are; what was unused before it is abandoned.
        ...(next.generation === used + 1 && { abandoned: ABANDONED }),
        unused: { from: used + 1, to: next.generation },
        // What a client says of itself is literal: in a pipeline, a text that begins with `$` would be a field.
        tokenHash: { $literal: next.tokenHash },
        generation: next.generation,
        rotatedAt: { $slice: [{ $concatArrays: [RECENT, ['$$NOW']] }, -MAX_ROTATIONS] },
        lastUsedAt: '$$NOW',
        userAgent: { $literal: device.userAgent },
        address: { $literal: device.address },
        expiresAt: {
          $min: [{ $add: ['$createdAt', absoluteS * 1000] }, { $add: ['$$NOW', idleS * 1000] }],
        },
        version: { $add: ['$version', 1] },
        updatedAt: '$$NOW',
      },
    },
  ];
}

const RECENT = {
  $filter: { input: '$rotatedAt', cond: { $gt: ['$$this', { $subtract: ['$$NOW', GRACE_MS] }] } },
};

/** The ranges that stand once the newest tokens are used: those of the unused ones that were replaced come to them. */
const ABANDONED = {
  $let: {
    vars: { known: { $ifNull: ['$abandoned', []] } },
    in: {
      $cond: [
        { $and: [{ $eq: ['$unused.to', '$generation'] }, { $lt: ['$unused.from', '$unused.to'] }] },
        {
          $slice: [
            { $concatArrays: ['$$known', [{ from: '$unused.from', to: { $subtract: ['$unused.to', 1] } }]] },
            -MAX_ABANDONED,
          ],
        },
        '$$known',
      ],
    },
  },
};
