import type { mongo } from 'mongoose';
import type { Device } from '../../platform/http/device.js';
import type { Range, Session } from './session.schema.js';
import type { SessionsConfig } from './sessions.config.js';

/**
 * Within this time after a refresh, a use of the replaced token counts as a concurrent request, such as of a second
 * tab.
 */
export const GRACE_MS = 10_000;
/** Replacements of the last ten seconds are remembered, to know when one was: as many as an address has requests. */
const MAX_ROTATIONS = 300;
/** How many replacements of unused tokens are remembered. Older tokens are refused anyway. */
const MAX_ABANDONED = 10;

/**
 * The state of a session's tokens. A refresh issues an access and a refresh token with the next number. Until one of
 * the two is used, the response may have been lost, so the previous refresh token is accepted again: it gets tokens
 * with yet another number, and the earlier ones are abandoned. If abandoned tokens are used, they had arrived after
 * all, so somebody else has a copy of the token before them. To make sure that this is noticed, older access tokens are
 * refused once the later ones are used: an owner who holds the abandoned ones must not be able to continue without
 * them.
 */
export interface Generations {
  /** The number of the newest tokens. */
  readonly newest: number;
  /** The last number of which a token was used: that of the refresh token that may be accepted again. */
  readonly used: number;
  readonly abandoned: readonly Range[];
}

type Stored = Pick<Session, 'generation' | 'unused' | 'abandoned'>;

export const GENERATIONS_PROJECTION = { generation: 1, unused: 1, abandoned: 1 } as const;

export function generationsOf({ generation: newest, unused, abandoned = [] }: Stored): Generations {
  // Processes of an older release refresh without updating these fields, and only with a token that they saw used.
  const used = unused?.to === newest ? unused.from - 1 : newest;
  return { newest, used, abandoned };
}

/** Whether tokens of this number were abandoned as lost. */
export function isAbandoned({ newest, used, abandoned }: Generations, generation: number): boolean {
  if (generation > used && generation < newest) return true;
  return abandoned.some(({ from, to }) => generation >= from && generation <= to);
}

/** Whether access tokens of this number are refused: they, or later ones, were abandoned as lost. */
export function isOutdated({ abandoned }: Generations, generation: number): boolean {
  return generation <= (abandoned.at(-1)?.to ?? -1);
}

/** Whether a token of this number is known to be used and valid. */
export function isUsed(generations: Generations, generation: number): boolean {
  return generation <= generations.used && !isOutdated(generations, generation);
}

/** Records that the newest tokens are used. */
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
        // If the number was used, its tokens arrived; earlier unused ones are abandoned.
        ...(next.generation === used + 1 && { abandoned: ABANDONED }),
        unused: { from: used + 1, to: next.generation },
        // Client-supplied text must be a literal: in a pipeline, a text that begins with `$` would refer to a field.
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

/** The ranges of abandoned numbers once the newest tokens are used, including the unused ones that were replaced. */
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
