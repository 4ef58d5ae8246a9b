import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  ConflictException,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  HttpException,
  ImATeapotException,
  Injectable,
  InternalServerErrorException,
  Module,
  type NestInterceptor,
  NotFoundException,
  Param,
  ParseIntPipe,
  Query,
  ServiceUnavailableException,
  SetMetadata,
  type Type,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { IsString } from 'class-validator';
import { map, type Observable } from 'rxjs';
import { AppModule } from '../../src/app.module.js';
import { Answers, AnswersList, AnswersMessage } from '../../src/platform/http/answers.js';
import { CurrentCaller, Public, SignedIn } from '../../src/platform/access/access.js';
import type { Caller } from '../../src/platform/access/caller.js';

/** Adds a module to the application that this test file builds; `take back` undoes it. */
export function addToApp(
  metadata: Parameters<typeof Module>[0],
  module: Type = class LabModule {},
): () => void {
  Module(metadata)(module);
  const others = (Reflect.getMetadata('imports', AppModule) ?? []) as Type[];
  Module({ imports: [...others, module] })(AppModule);
  return () => Module({ imports: others })(AppModule);
}

export class LabQuery {
  @IsString()
  kind!: string;
}

export class LabDto {
  @IsString()
  name!: string;
}

class Vanished extends HttpException {
  constructor() {
    super('The order is gone', 410);
  }
}

/** As an error of a Fastify plugin looks. */
class PluginError extends Error {
  readonly code = 'FST_LAB_PAYMENT';
  readonly statusCode = 402;
}

const EXCEPTIONS: Record<string, () => Error> = {
  'not-found': () => new NotFoundException('No such order'),
  conflict: () => new ConflictException(),
  forbidden: () => new ForbiddenException('Not on Sundays'),
  unauthorized: () => new UnauthorizedException(),
  teapot: () => new ImATeapotException('Short and stout'),
  list: () => new BadRequestException(['name is odd', 'size is even']),
  object: () => new HttpException({ status: 403, error: 'This is a custom message' }, 403),
  coded: () => new NotFoundException('Gone fishing', { errorCode: 'ANGLER_AWAY' }),
  wrapped: () => new HttpException(new Error('a secret of /src/x.ts:1'), 409),
  vanished: () => new Vanished(),
  limited: () => new HttpException('Slow down', 429),
  internal: () => new InternalServerErrorException('The secret is 42'),
  unavailable: () => new ServiceUnavailableException('The secret host is down'),
  gateway: () => new HttpException('The secret gateway', 502),
  plugin: () => new PluginError('A secret of the plugin'),
  client: () => Object.assign(new Error('Request failed with status code 404'), { status: 404 }),
  odd: () => Object.assign(new Error('a secret'), { statusCode: '404' }),
};

class Closed implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

interface WithUser {
  user?: { readonly roles: readonly string[] } | null;
}

/** As Nest's documentation writes it. */
@Injectable()
class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const roles = this.reflector.get<string[]>('roles', context.getHandler());
    const { user } = context.switchToHttp().getRequest<WithUser>();
    return roles.some((role) => user?.roles?.includes(role));
  }
}

class SetsUser implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<WithUser>().user = { roles: ['keeper'] };
    return true;
  }
}

class Mine extends Error {}

/** For every route that has no filter of its own. */
@Catch(Mine)
class MineFilter implements ExceptionFilter<Mine> {
  catch(_: Mine, host: ArgumentsHost): void {
    void host
      .switchToHttp()
      .getResponse<FastifyReply>()
      .code(418)
      .send({ success: false, error: 'Mine', code: 'MINE', requestId: host.switchToHttp().getRequest().id });
  }
}

@Catch(NotFoundException)
class LostFilter implements ExceptionFilter<NotFoundException> {
  catch(_: NotFoundException, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply
      .code(404)
      .send({ success: false, error: 'Lost', code: 'LOST', requestId: host.switchToHttp().getRequest().id });
  }
}

@Injectable()
class Adds implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler<LabDto>): Observable<object> {
    return next.handle().pipe(map((dto) => ({ ...dto, served: true })));
  }
}

@Injectable()
class Shouts implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler<LabDto>): Observable<object> {
    return next.handle().pipe(map(({ name }) => ({ name: name.toUpperCase() })));
  }
}

@Controller('api/v1/lab')
class LabController {
  @Get('throws')
  @Public()
  @AnswersMessage('Nothing was thrown')
  throws(@Query() { kind }: LabQuery): void {
    throw (EXCEPTIONS[kind] ?? (() => new Mine()))();
  }

  @Get('filtered')
  @Public()
  @UseFilters(LostFilter)
  @AnswersMessage('Nothing was thrown')
  filtered(@Query() { kind }: LabQuery): void {
    throw (EXCEPTIONS[kind] ?? (() => new Mine()))();
  }

  @Get('closed')
  @Public()
  @UseGuards(Closed)
  @Answers(LabDto)
  closed(): LabDto {
    return { name: 'closed' };
  }

  @Get('unknown-user')
  @SignedIn()
  @SetMetadata('roles', ['keeper'])
  @UseGuards(RolesGuard)
  @Answers(LabDto)
  unknownUser(): LabDto {
    return { name: 'open' };
  }

  @Get('own-user')
  @SignedIn()
  @SetMetadata('roles', ['keeper'])
  @UseGuards(SetsUser, RolesGuard)
  @Answers(LabDto)
  ownUser(@CurrentCaller() { role }: Caller): LabDto {
    return { name: role };
  }

  @Get('shouted')
  @Public()
  @UseInterceptors(Shouts)
  @Answers(LabDto)
  shouted(): LabDto {
    return { name: 'quiet' };
  }

  @Get('added')
  @Public()
  @UseInterceptors(Adds)
  @Answers(LabDto)
  added(): LabDto {
    return { name: 'added' };
  }

  @Get('numbers/:id')
  @Public()
  @Answers(LabDto)
  number(@Param('id', ParseIntPipe) id: number): LabDto {
    return { name: `${typeof id} ${id}` };
  }

  @Get('nothing')
  @Public()
  @Answers(LabDto)
  nothing(@Query() { kind }: LabQuery): LabDto {
    const values: Record<string, unknown> = { null: null, text: 'text', list: [{ name: 'x' }], number: 7 };
    return values[kind] as LabDto;
  }

  @Get('told')
  @Public()
  @AnswersMessage('Told')
  told(): object {
    return { name: 'unheard' };
  }

  @Get('nothings')
  @Public()
  @AnswersList(LabDto)
  nothings(): LabDto[] {
    return { name: 'no list' } as unknown as LabDto[];
  }
}

export function addLab(): void {
  addToApp({
    controllers: [LabController],
    providers: [{ provide: APP_FILTER, useClass: MineFilter }],
  });
}
