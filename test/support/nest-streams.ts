import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  Headers,
  Injectable,
  type MessageEvent,
  type OnModuleInit,
  Post,
  RawBody,
  Res,
  Sse,
  StreamableFile,
  UploadedFile,
  UploadedFiles,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  AnyFilesInterceptor,
  FileInterceptor,
  type UploadedMultipartFile,
} from '@nestjs/platform-fastify/multipart';
import { IsString, Length } from 'class-validator';
import type { FastifyInstance, FastifyPluginCallback, FastifyReply } from 'fastify';
import { Types } from 'mongoose';
import { interval, map, type Observable, take } from 'rxjs';
import { Answers, AnswersRaw } from '../../src/platform/http/answers.js';
import { Deadline } from '../../src/platform/http/deadline.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { Public } from '../../src/platform/access/access.js';
import { addToApp, LabDto } from './nest-lab.js';

/** Where uploads are kept. */
export const UPLOADS = mkdtempSync(join(tmpdir(), 'uploads-'));
export const SECRET = 'whsec_of_the_lab';
/** A deadline for which a test need not wait long. */
const SHORT = 300;

export class CaptionDto {
  @IsString()
  @Length(1, 20)
  caption!: string;
}

export class ReceivedDto {
  @IsString()
  id!: string;
}

/** Begins at once and takes longer than the deadline. */
async function* slowly(): AsyncGenerator<string> {
  for (const text of ['one', 'two', 'three']) {
    yield `${text}\n`;
    await sleep(SHORT);
  }
}

@Controller('api/v1/lab')
class StreamsController {
  @Get('file')
  @Public()
  @Deadline(SHORT)
  file(): StreamableFile {
    return new StreamableFile(Readable.from(slowly()), { type: 'text/plain' });
  }

  @Get('sent')
  @Public()
  @Deadline(SHORT)
  sent(@Res() reply: FastifyReply): void {
    void reply.type('text/plain').send(Readable.from(slowly()));
  }

  @Get('csv')
  @Public()
  @AnswersRaw('text/csv')
  async csv(): Promise<string> {
    return Promise.resolve('a,b\n1,2\n');
  }

  @Sse('events')
  @Public()
  @Deadline(SHORT)
  events(): Observable<MessageEvent> {
    return interval(SHORT).pipe(
      take(3),
      map((count) => ({ data: { count } })),
    );
  }

  @Sse('endless')
  @Public()
  endless(): Observable<MessageEvent> {
    return interval(50).pipe(map((count) => ({ data: { count } })));
  }

  @Get('late')
  @Public()
  @Deadline(SHORT)
  @Answers(LabDto)
  async late(): Promise<LabDto> {
    await sleep(3 * SHORT);
    return { name: 'late' };
  }

  @Get('patient')
  @Public()
  @Deadline(false)
  @Answers(LabDto)
  async patient(): Promise<LabDto> {
    await sleep(2_900);
    return { name: 'patient' };
  }

  @Post('webhook')
  @Public()
  @Answers(LabDto)
  webhook(@RawBody() raw: Buffer | undefined, @Headers('x-signature') signature: string): LabDto {
    const own = createHmac('sha256', SECRET)
      .update(raw ?? '')
      .digest('hex');
    return { name: own === signature ? 'genuine' : 'forged' };
  }

  @Post('received')
  @Public()
  @Answers(ReceivedDto, { status: 201 })
  async received(@RawBody() _raw: Buffer, @CreateOnce() once: Once): Promise<ReceivedDto> {
    const { _id } = await once.run(
      async () => Promise.resolve({ _id: new Types.ObjectId() }),
      async (id) => Promise.resolve({ _id: new Types.ObjectId(id) }),
    );
    return { id: _id.toHexString() };
  }

  @Post('webhook-dto')
  @Public()
  @Answers(LabDto)
  webhookWithDto(@RawBody() raw: Buffer, @Body() { caption }: CaptionDto): LabDto {
    return { name: `${raw.length} bytes, ${caption}` };
  }

  @Post('picture')
  @Public()
  @Deadline(SHORT)
  @UseInterceptors(FileInterceptor('picture', { dest: UPLOADS, limits: { fileSize: 100_000 } }))
  @Answers(LabDto)
  picture(@UploadedFile() file: UploadedMultipartFile, @Body() { caption }: CaptionDto): LabDto {
    return { name: `${caption}: ${file.originalname}, ${file.size} bytes` };
  }

  @Post('pictures')
  @Public()
  @UseInterceptors(AnyFilesInterceptor())
  @Answers(LabDto)
  pictures(@UploadedFiles() files: UploadedMultipartFile[]): LabDto {
    return { name: `${files.length} files` };
  }
}

/** As a Fastify plugin refuses what is sent. */
class PluginError extends Error {
  readonly code = 'FST_LAB_NO_COOKIES';
  readonly statusCode = 406;
}

const plugin: FastifyPluginCallback = (fastify, _, done) => {
  fastify.addHook('onRequest', (request, reply, next) => {
    reply.header('x-lab', 'plugged in');
    next(request.headers['x-refuse'] === undefined ? undefined : new PluginError('no cookies here'));
  });
  done();
};
Object.assign(plugin, { [Symbol.for('skip-override')]: true });

@Injectable()
class PluggedIn implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register(plugin);
  }
}

export function addStreams(): void {
  addToApp({ controllers: [StreamsController], providers: [PluggedIn] });
}
