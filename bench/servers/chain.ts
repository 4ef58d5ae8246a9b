/**
 * The product with an executor of three steps, and routes that start it: what `npm run bench -- --executions` asks over
 * HTTP. BENCH_SCHEDULES is how many schedules it has beside.
 */
import 'reflect-metadata';
import { Body, Controller, Inject, Module, Post } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import { IsIn, IsInt, IsOptional, IsString } from 'class-validator';
import { AppModule } from '../../dist/app.module.js';
import { CurrentScope, SignedIn } from '../../dist/platform/access/access.js';
import { Transactions } from '../../dist/platform/database/transactions.js';
import { ExecutionDto } from '../../dist/platform/executions/execution.dto.js';
import { Executions } from '../../dist/platform/executions/executions.js';
import { Executor, NoInput } from '../../dist/platform/executions/executor.js';
import { Schedule } from '../../dist/platform/executions/schedule.js';
import { Answers, AnswersMessage } from '../../dist/platform/http/answers.js';

const DAY_MS = 86_400_000;

class ChainDto {
  @IsIn(['pure', 'repeatable', 'once', 'sleep'])
  effect!: 'pure' | 'repeatable' | 'once' | 'sleep';

  @IsOptional()
  @IsInt()
  steps?: number;

  /** So late it is due; it has to be claimed then. */
  @IsOptional()
  @IsInt()
  inMs?: number;
}

class NameDto {
  @IsString()
  name!: string;
}

/** Each step adds one; three steps unless told. */
@Executor({ type: 'bench.chain', input: ChainDto })
class Chain {
  async execute({ effect, steps = 3 }: ChainDto, run): Promise<number> {
    if (effect === 'sleep') {
      await run.sleep('pause', '1d');
      return 0;
    }
    let value = 0;
    for (let step = 1; step <= steps; step++) {
      value = await run.step(`s${step}`, { effect }, () => value + 1);
    }
    return value;
  }
}

@Controller('api/v1/bench')
class ChainController {
  constructor(
    private readonly executions: Executions,
    private readonly transactions: Transactions,
    @Inject(getConnectionToken()) private readonly connection,
  ) {}

  @Post('chains')
  @SignedIn()
  @Answers(ExecutionDto, 202)
  start(@CurrentScope() scope, @Body() { inMs, ...input }: ChainDto) {
    const at = inMs === undefined ? {} : { at: new Date(Date.now() + inMs) };
    return this.executions.start(Chain, input, { scope, ...at });
  }

  /** A record, and an execution in its transaction. It is not due, so that only its start is measured. */
  @Post('with-execution')
  @SignedIn()
  @AnswersMessage('made')
  withExecution(@CurrentScope() scope, @Body() { name }: NameDto): Promise<void> {
    const at = new Date(Date.now() + DAY_MS);
    return this.transactions.run(async (transaction) => {
      const { session } = transaction;
      await this.connection.collection('bench_records').insertOne({ name, version: 1 }, { session });
      await this.executions.start(Chain, { effect: 'pure' }, { scope, transaction, at });
    });
  }

  /** The same two documents, by the driver. */
  @Post('by-hand')
  @SignedIn()
  @AnswersMessage('made')
  byHand(@CurrentScope() scope, @Body() { name }: NameDto): Promise<void> {
    const now = new Date();
    const { Types } = this.connection.base;
    const ownerId = new Types.ObjectId(scope.actor.id);
    return this.transactions.run(async ({ session }) => {
      await this.connection.collection('bench_records').insertOne({ name, version: 1 }, { session });
      await this.connection.collection('executions').insertOne(
        {
          _id: new Types.ObjectId(),
          ownerId,
          scope: { actor: scope.actor },
          type: 'bench.none',
          version: 1,
          status: 'queued',
          input: '{"effect":"pure"}',
          steps: {},
          open: [],
          dueAt: new Date(now.getTime() + DAY_MS),
          turn: 0,
          failures: 0,
          crashes: 0,
          bell: 0,
          revision: 1,
          stamp: new Types.ObjectId(),
          createdAt: now,
        },
        { session },
      );
    });
  }
}

/** Executors that start once a year. */
const yearly = Array.from({ length: Number(process.env.BENCH_SCHEDULES ?? 0) }, (_, n) => {
  class Yearly {
    execute(): Promise<void> {
      return Promise.resolve();
    }
  }
  Executor({ type: `bench.yearly-${n}`, input: NoInput })(Yearly);
  Schedule('0 0 1 1 *')(Yearly);
  return Yearly;
});

@Module({ controllers: [ChainController], providers: [Chain, ...yearly] })
class BenchModule {}

const imports = Reflect.getMetadata('imports', AppModule) ?? [];
Module({ imports: [...imports, BenchModule] })(AppModule);
await import('../../dist/main.js');
