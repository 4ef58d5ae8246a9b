import { Body, Controller, Delete, HttpCode, Post, Put } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Answers, AnswersMessage } from '../../platform/http/answers.js';
import { Cookies, CurrentCookies } from '../../platform/http/cookies.js';
import { CurrentDevice, type Device } from '../../platform/http/device.js';
import { Public } from '../../platform/access/access.js';
import { NoStore } from '../../platform/http/headers.js';
import { SameOrigin } from '../../platform/http/same-origin.js';
import { LoginDto, RefreshDto } from '../auth/auth.dto.js';
import { ConsoleSessionDto } from './console.dto.js';
import { ConsoleSessionService } from './console-session.service.js';

/** The session of a browser. For the product's own pages, so it is no part of the documented API. */
@ApiExcludeController()
@Controller('console/session')
export class ConsoleSessionController {
  constructor(private readonly sessions: ConsoleSessionService) {}

  @Post()
  @Public()
  @SameOrigin()
  @NoStore()
  @Answers(ConsoleSessionDto)
  login(
    @CurrentCookies() cookies: Cookies,
    @CurrentDevice() device: Device,
    @Body() dto: LoginDto,
  ): Promise<ConsoleSessionDto> {
    return this.sessions.login(cookies, device, dto);
  }

  /** For who has signed in by the API in another way than with a password. */
  @Put()
  @Public()
  @SameOrigin()
  @NoStore()
  @Answers(ConsoleSessionDto)
  adopt(
    @CurrentCookies() cookies: Cookies,
    @CurrentDevice() device: Device,
    @Body() { refreshToken }: RefreshDto,
  ): Promise<ConsoleSessionDto> {
    return this.sessions.adopt(cookies, device, refreshToken);
  }

  @Post('refresh')
  @Public()
  @SameOrigin()
  @NoStore()
  @HttpCode(200)
  @Answers(ConsoleSessionDto)
  refresh(@CurrentCookies() cookies: Cookies, @CurrentDevice() device: Device): Promise<ConsoleSessionDto> {
    return this.sessions.refresh(cookies, device);
  }

  @Delete()
  @Public()
  @SameOrigin()
  @NoStore()
  @AnswersMessage('Signed out')
  async logout(@CurrentCookies() cookies: Cookies): Promise<void> {
    await this.sessions.logout(cookies);
  }
}
