import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { OtherSignInDto } from '../auth/auth.dto.js';
import { IsCleanText } from '../../platform/validation/fields.js';
import { PURPOSES, type Purpose } from './oauth-flows.js';

export class ProviderDto {
  @ApiProperty({ description: 'The name in the URL of the sign-in.', example: 'google' })
  @IsString()
  name!: string;

  @ApiProperty({ description: 'For people.', example: 'Google' })
  @IsString()
  label!: string;

  @ApiProperty({ description: 'The issuer of its identities.', example: 'https://accounts.google.com' })
  @IsString()
  issuer!: string;

  @ApiProperty({ description: 'Whether it supports a fresh proof of identity.', example: true })
  @IsIn([true, false])
  stepUp!: boolean;
}

export class ProviderParams {
  @ApiProperty({ description: 'By its name.', example: 'google' })
  @IsString()
  @Matches(/^[a-z][a-z\d-]{0,31}$/, { message: '$property must be the name of a provider' })
  provider!: string;
}

export class StartOAuthDto {
  @ApiProperty({
    description:
      'Where the browser is finally redirected to, with `?code=` or `?error=`: a page of the product itself, or one of OAUTH_REDIRECTS.',
    example: 'https://app.example.com/signed-in',
  })
  @IsString()
  @Length(1, 500)
  @IsCleanText()
  redirectTo!: string;

  @ApiProperty({
    description: 'SHA-256 of a random `codeVerifier`, as base64url (PKCE, S256).',
    example: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  })
  @IsString()
  @Matches(/^[\w-]{43}$/, { message: '$property must be a SHA-256 as base64url' })
  codeChallenge!: string;

  @ApiProperty({
    description:
      'What the code is for: `sign-in` by default, `link` to link the identity to the signed-in user, `step-up` to prove that it is you, for which the provider asks you to sign in again.',
    example: 'sign-in',
  })
  @IsOptional()
  @IsIn(PURPOSES)
  purpose?: Purpose | null;
}

export class StartedOAuthDto {
  @ApiProperty({
    description: 'Where to send the browser that has got this response.',
    example: 'https://accounts.google.com/o/oauth2/v2/auth?state=c3RhdGU',
  })
  @IsString()
  url!: string;
}

const code = {
  description: 'From the address that the browser was redirected to. Valid for one use within a minute.',
  example: 'Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8',
};
const verifier = {
  description: 'The text whose SHA-256 is `codeChallenge`.',
  example: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
};
const CODE = /^[\w-]{1,100}$/;
const VERIFIER = /^[\w.~-]{43,128}$/;

/** What a client sends to redeem its code (PKCE). */
function CodeVerifier(): PropertyDecorator {
  return applyDecorators(
    ApiProperty(verifier),
    IsString(),
    Matches(VERIFIER, { message: '$property must be 43 to 128 letters, digits, or - . _ ~' }),
  );
}

export class OAuthCodeDto {
  @ApiProperty(code)
  @IsString()
  @Matches(CODE)
  code!: string;

  @CodeVerifier()
  codeVerifier!: string;
}

export class OAuthTokenDto extends OtherSignInDto {
  @ApiProperty({
    ...code,
    description: `${code.description} If a second factor is required, five more minutes to send it again with \`otp\`.`,
  })
  @IsString()
  @Matches(CODE)
  code!: string;

  @CodeVerifier()
  codeVerifier!: string;
}
