import { Body, Controller, Injectable, Module, Param, Post } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { IsInt, IsString } from 'class-validator';
import { AppModule } from '../../src/app.module.js';
import { LanguageModel } from '../../src/modules/language-model/language-model.js';
import { LanguageModelErrors } from '../../src/modules/language-model/language-model.errors.js';
import { LanguageModelModule } from '../../src/modules/language-model/language-model.module.js';
import { CurrentScope, SignedIn } from '../../src/platform/access/access.js';
import type { Scope } from '../../src/platform/access/caller.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { resource } from '../../src/platform/database/resource.js';
import { ApiSection } from '../../src/platform/docs/section.js';
import { Executor } from '../../src/platform/executions/executor.js';
import type { Run } from '../../src/platform/executions/run.js';
import { Answers } from '../../src/platform/http/answers.js';
import { Deadline } from '../../src/platform/http/deadline.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { Nullable, RecordId, Text } from '../../src/platform/validation/fields.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';

@Schema({ ...RECORD_OPTIONS, collection: 'trial_articles' })
class Article extends OwnedRecord {
  @Prop({ type: String, required: true })
  text!: string;

  @Prop({ type: String })
  summary?: string | null;
}

const articles = resource({
  name: 'article',
  record: Article,
  schema: SchemaFactory.createForClass(Article),
});

class CreateArticleDto {
  @ApiProperty({ example: 'It was a dark and stormy night …' })
  @Text(1, 20_000)
  text!: string;
}

class ArticleDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: 'A night.' })
  @Nullable()
  @IsString()
  summary!: string | null;

  @ApiProperty({ example: 1 })
  @IsInt()
  version!: number;

  static from({ _id, summary = null, version }: Article): ArticleDto {
    return { id: _id.toHexString(), summary, version };
  }
}

// What follows stands in docs/language-model.md as well.
class SummaryDto {
  @Text(1, 500)
  summary!: string;
}

@Injectable()
export class ArticlesService {
  constructor(
    @InjectRecords(articles) readonly records: Records<Article>,
    private readonly model: LanguageModel,
  ) {}

  /** Summarises the text of an article into its field. */
  async summarise(scope: Scope, id: string, signal?: AbortSignal): Promise<Article> {
    const { text, version } = await this.records.get(scope, id);
    const { summary } = await this.model.answer(SummaryDto, {
      instructions: 'Summarise the text in at most three sentences, in its own language.',
      data: { text },
      signal,
    });
    // 412 if the text has changed meanwhile: the summary would be of the old one.
    return this.records.update(scope, id, { versions: [version], required: true }, { summary });
  }
}

class SummariseDto {
  @RecordId()
  id!: string;
}

/** Summarises the text of an article later, even if processes are killed meanwhile. */
@Executor({ type: 'articles.summarise', input: SummariseDto, timeout: '40s' })
export class SummariseArticle {
  constructor(
    @InjectRecords(articles) private readonly records: Records<Article>,
    private readonly model: LanguageModel,
  ) {}

  async execute({ id }: SummariseDto, run: Run): Promise<void> {
    // The result of a step is stored: a crash after it does not pay for the answer twice.
    const { summary, version } = await run.step('ask', async ({ signal }) => {
      const article = await this.records.get(run.scope, id);
      const answer = await this.model.answer(SummaryDto, {
        instructions: 'Summarise the text in at most three sentences, in its own language.',
        data: { text: article.text },
        signal,
      });
      return { ...answer, version: article.version };
    });
    await run.step('keep', async () => {
      // Another version: the text has changed meanwhile, or an earlier attempt has written the summary.
      const article = await this.records.get(run.scope, id);
      if (article.version !== version) return;
      await this.records.update(run.scope, id, { versions: [version], required: true }, { summary });
    });
  }
}

// And until here.
@ApiSection('articles', 'Texts, and what they say in short.')
@Controller('api/v1/trial-articles')
class ArticlesController {
  constructor(private readonly service: ArticlesService) {}

  @Post()
  @SignedIn()
  @Answers(ArticleDto, { status: 201, errors: articles.errors.create })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreateArticleDto,
    @CreateOnce() once: Once,
  ): Promise<ArticleDto> {
    return ArticleDto.from(await this.service.records.create(scope, { ...dto }, once));
  }

  @Post(':id/summary')
  @SignedIn()
  @Deadline(35_000)
  @Answers(ArticleDto, { errors: [...articles.errors.update, ...Object.values(LanguageModelErrors)] })
  async summarise(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<ArticleDto> {
    return ArticleDto.from(await this.service.summarise(scope, id));
  }
}

@Module({
  imports: [RecordsModule.for(articles), LanguageModelModule],
  controllers: [ArticlesController],
  providers: [ArticlesService, SummariseArticle],
})
class ArticlesModule {}

export const ARTICLES = '/api/v1/trial-articles';

/** Adds a feature that asks the language model to the application that this test file builds. */
export function addArticles(): void {
  Module({ imports: [ArticlesModule] })(AppModule);
}
