import { Body, Controller, Get, Param, Post, Redirect, Req } from '@nestjs/common';
import { ApiExtension, ApiOperation } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersList } from '../../platform/http/answers.js';
import { Cookies, CurrentCookies } from '../../platform/http/cookies.js';
import { Deadline } from '../../platform/http/deadline.js';
import { AnyInput } from '../../platform/http/input.js';
import { NoStore } from '../../platform/http/headers.js';
import { routeConfig } from '../../platform/http/route-config.js';
import { Public } from '../../platform/access/access.js';
import { ProviderDto, ProviderParams, StartedOAuthDto, StartOAuthDto } from './oauth.dto.js';
import { OAuthErrors } from './oauth.errors.js';
import { OAuthService } from './oauth.service.js';

/** For what a provider may take: its metadata, the tokens and the profile. */
const PROVIDER_MS = 12_000;

@ApiSection(
  'sign-in with others',
  'Signing in with Google, GitHub, Microsoft, or another provider.',
  'account',
)
@Controller('api/v1/auth')
export class OAuthController {
  constructor(private readonly service: OAuthService) {}

  @Get('providers')
  @Public()
  @ApiOperation({
    summary: 'List the providers that people may sign in with',
    description: 'An empty list if there are none.',
    operationId: 'listProviders',
  })
  @AnswersList(ProviderDto)
  list(): ProviderDto[] {
    return this.service.list();
  }

  @Post('oauth/:provider')
  @Public()
  @routeConfig({ setsCookies: true })
  @Deadline(PROVIDER_MS)
  @NoStore()
  @ApiOperation({
    summary: 'Start a sign-in with a provider',
    description:
      'Sets a cookie: only the browser that gets this response can finish the sign-in. Send it to `url`.',
    operationId: 'startOAuth',
  })
  @Answers(StartedOAuthDto, {
    errors: [OAuthErrors.PROVIDER_NOT_FOUND, OAuthErrors.PROVIDER_UNAVAILABLE],
  })
  async start(
    @Param() { provider }: ProviderParams,
    @Body() dto: StartOAuthDto,
    @CurrentCookies() cookies: Cookies,
  ): Promise<StartedOAuthDto> {
    return { url: await this.service.start(provider, dto, cookies) };
  }

  @Get('oauth/:provider/callback')
  @Public()
  @AnyInput()
  @Deadline(PROVIDER_MS)
  @NoStore()
  @Redirect()
  @ApiExtension('x-errors', [OAuthErrors.INVALID_OAUTH_STATE, OAuthErrors.PROVIDER_NOT_FOUND])
  @ApiOperation({
    summary: 'Come back from a provider',
    description:
      'For browsers: redirects to `redirectTo` with `?code=`, for one use within a minute, or with an error code: `?error=EMAIL_NOT_VERIFIED`.',
    operationId: 'finishOAuth',
  })
  async finish(
    @Param() { provider }: ProviderParams,
    @Req() { url, query }: FastifyRequest<{ Querystring: { readonly state?: unknown } }>,
    @CurrentCookies() cookies: Cookies,
  ): Promise<{ url: string; statusCode: number }> {
    const search = url.slice(url.indexOf('?') + 1 || url.length);
    return {
      url: await this.service.finish(provider, search && `?${search}`, query.state, cookies),
      statusCode: 303,
    };
  }
}
