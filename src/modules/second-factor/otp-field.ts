import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsString, Matches } from 'class-validator';

/** Room for a recovery code however it is grouped. A longer text is left for the rule to refuse. */
const MAX_UNITS = 64;

/** A code of six digits from an authenticator app. */
const TIME_CODE = /^\d{6}$/;

/** A code of an authenticator app, or a recovery code. Spaces, dashes and lower case are forgiven. */
export function Otp(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && value.length <= MAX_UNITS
        ? value.replaceAll(/[\s\p{Pd}]/gu, '').toUpperCase()
        : value,
    ),
    IsString(),
    Matches(/^(?:\d{6}|[2-9A-HJ-NP-Z]{16})$/, {
      message: '$property must be a code of 6 digits, or a recovery code',
    }),
  );
}

/** Whether a code that `Otp` has accepted comes from an app. */
export function isTimeCode(otp: string): boolean {
  return TIME_CODE.test(otp);
}
