/**
 * C: the stack that most production Nest projects have: ValidationPipe, a guard with @nestjs/jwt, an envelope
 * interceptor, nestjs-pino, helmet, @nestjs/throttler, and hydrated documents. Written fairly, logging for real.
 */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import {
  Body,
  type CallHandler,
  CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Injectable,
  Module,
  NestInterceptor,
  NotFoundException,
  Param,
  Post,
  Put,
  Query,
  Req,
  RequestMethod,
  UnauthorizedException,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { InjectModel, MongooseModule, Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SkipThrottle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsMongoId, IsObject, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { type HydratedDocument, Model, Schema as MongooseSchema, type Types } from 'mongoose';
import { Logger, LoggerModule } from 'nestjs-pino';
import { map, type Observable } from 'rxjs';

const { MONGODB_URI = '', JWT_SECRET = '', ISSUER = '', PORT, RATE_LIMIT_MAX } = process.env;

interface SignedRequest {
  headers: Record<string, string | undefined>;
  userId: string;
}

@Schema({ timestamps: true, collection: 'projects', versionKey: false, minimize: false })
class Project {
  createdAt!: Date;
  updatedAt!: Date;

  @Prop({ type: MongooseSchema.Types.ObjectId, required: true })
  ownerId!: Types.ObjectId;

  @Prop({ type: MongooseSchema.Types.ObjectId })
  createdBy!: Types.ObjectId;

  @Prop({ type: String, required: true, trim: true, maxlength: 200 })
  name!: string;

  @Prop({ type: String, trim: true, maxlength: 1000 })
  description?: string | null;

  @Prop({ type: Object, default: {} })
  metadata!: Record<string, unknown>;

  @Prop({ type: Number, default: 1 })
  version!: number;
}

@Schema({ collection: 'users', versionKey: false })
class User {
  @Prop({ type: String })
  role!: string;

  @Prop({ type: Boolean })
  disabled!: boolean;
}

class IdParams {
  @IsMongoId()
  id!: string;
}

class ProjectBody {
  @IsString()
  @Transform(({ value }) => (typeof value === 'string' ? value.trim() : value))
  @Length(1, 100)
  name!: string;

  @IsOptional()
  @IsString()
  @Length(0, 500)
  description?: string;

  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown>;
}

class ListQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit = 20;
}

function toProject(project: HydratedDocument<Project>) {
  return {
    id: project._id.toHexString(),
    ownerId: project.ownerId.toHexString(),
    createdBy: project.createdBy.toHexString(),
    name: project.name,
    description: project.description ?? null,
    metadata: project.metadata,
    version: project.version,
    createdAt: project.createdAt,
    updatedAt: project.updatedAt,
  };
}

@Injectable()
class JwtGuard implements CanActivate {
  constructor(
    private readonly jwt: JwtService,
    @InjectModel(User.name) private readonly users: Model<User>,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<SignedRequest>();
    const [, token = ''] = request.headers['authorization']?.split(' ') ?? [];
    try {
      const { sub } = await this.jwt.verifyAsync<{ sub: string }>(token);
      const user = await this.users.findById(sub);
      if (!user || user.disabled) throw new UnauthorizedException();
      request.userId = sub;
      return true;
    } catch {
      throw new UnauthorizedException();
    }
  }
}

@Injectable()
class EnvelopeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getClass() === HealthController) return next.handle();
    return next.handle().pipe(map((data: unknown) => ({ success: true, ...(data as object) })));
  }
}

@Injectable()
class ProjectsService {
  constructor(@InjectModel(Project.name) private readonly projects: Model<Project>) {}

  async get(ownerId: string, id: string) {
    const project = await this.projects.findOne({ _id: id, ownerId });
    if (!project) throw new NotFoundException('Project not found');
    return project;
  }

  list(ownerId: string, limit: number) {
    return this.projects
      .find({ ownerId })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit + 1);
  }

  create(ownerId: string, dto: ProjectBody) {
    return this.projects.create({ ...dto, ownerId, createdBy: ownerId });
  }

  async replace(ownerId: string, id: string, dto: ProjectBody) {
    const project = await this.get(ownerId, id);
    project.set({ name: dto.name, description: dto.description, metadata: dto.metadata ?? {} });
    project.version += 1;
    return project.save();
  }
}

@Controller('api/v1/projects')
@UseGuards(JwtGuard)
class ProjectsController {
  constructor(private readonly projects: ProjectsService) {}

  @Get(':id')
  async get(@Req() { userId }: SignedRequest, @Param() { id }: IdParams) {
    return { data: toProject(await this.projects.get(userId, id)) };
  }

  @Get()
  async list(@Req() { userId }: SignedRequest, @Query() { limit }: ListQuery) {
    const found = await this.projects.list(userId, limit);
    const pagination = { limit, offset: 0, hasMore: found.length > limit, nextCursor: null };
    return { data: found.slice(0, limit).map(toProject), pagination };
  }

  @Post()
  @HttpCode(201)
  async create(@Req() { userId }: SignedRequest, @Body() dto: ProjectBody) {
    return { data: toProject(await this.projects.create(userId, dto)) };
  }

  @Put(':id')
  async replace(@Req() { userId }: SignedRequest, @Param() { id }: IdParams, @Body() dto: ProjectBody) {
    return { data: toProject(await this.projects.replace(userId, id, dto)) };
  }
}

@Controller('health')
@SkipThrottle()
class HealthController {
  @Get('live')
  live() {
    return { status: 'ok' };
  }
}

@Module({
  imports: [
    LoggerModule.forRoot({
      pinoHttp: { genReqId: ({ headers }) => headers['x-request-id'] ?? randomUUID() },
      forRoutes: [{ path: '/*path', method: RequestMethod.ALL }],
    }),
    MongooseModule.forRoot(MONGODB_URI, {
      writeConcern: { w: 'majority' },
      maxPoolSize: 50,
      autoIndex: false,
    }),
    MongooseModule.forFeature([
      { name: Project.name, schema: SchemaFactory.createForClass(Project) },
      { name: User.name, schema: SchemaFactory.createForClass(User) },
    ]),
    JwtModule.register({
      secret: JWT_SECRET,
      verifyOptions: { algorithms: ['HS256'], issuer: ISSUER, audience: `${ISSUER}-api` },
    }),
    // Its store looks at every hit of the window; a window of a second keeps that small where all hits have one address.
    ThrottlerModule.forRoot([{ ttl: 1000, limit: Number(RATE_LIMIT_MAX) }]),
  ],
  controllers: [ProjectsController, HealthController],
  providers: [
    ProjectsService,
    { provide: APP_GUARD, useClass: ThrottlerGuard },
    { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
  ],
})
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  bufferLogs: true,
});
app.useLogger(app.get(Logger));
await app.register(helmet as never);
app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
await app.listen(Number(PORT), '127.0.0.1');
process.stdout.write('{"event":"listening"}\n');
