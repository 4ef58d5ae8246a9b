import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsString, Matches } from 'class-validator';

/** Maximum length of a recovery code in any grouping. A longer text is left to the rule. */
const MAX_UNITS = 64;

/** A code of six digits from an authenticator app. */
const TIME_CODE = /^\d{6}$/;

/** A code of an authenticator app, or a recovery code. Spaces, dashes and lower case are accepted. */
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
