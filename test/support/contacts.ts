import { Body, Controller, Get, Injectable, Param, Post, Query, RawBody, Req } from '@nestjs/common';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { ApiOperation } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { CurrentScope, SignedIn } from '../../src/platform/access/access.js';
import type { Scope } from '../../src/platform/access/caller.js';
import { OwnedRecordDto } from '../../src/platform/database/record.dto.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { resource } from '../../src/platform/database/resource.js';
import type { Transaction } from '../../src/platform/database/transactions.js';
import { ApiSection } from '../../src/platform/docs/section.js';
import { Answers, AnswersPage } from '../../src/platform/http/answers.js';
import type { ExecutionDto } from '../../src/platform/executions/execution.dto.js';
import type { Run } from '../../src/platform/executions/run.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { AnswersImport, ImportExecutor, IMPORTED } from '../../src/platform/imports/import-executor.js';
import { type ImportDto, ImportQuery, type ImportResult } from '../../src/platform/imports/import.dto.js';
import { Imports } from '../../src/platform/imports/imports.js';
import { Nullable, SafeInteger, Text } from '../../src/platform/validation/fields.js';
import { mapPage, type Page, PageQuery } from '../../src/platform/validation/page-query.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';

/** A feature whose records are imported, written as `npm run feature -- contacts --add import` writes one. */
export const CONTACTS = '/api/v1/contacts';

class CreateContactDto {
  @Text(1, 20)
  code!: string;

  @IsOptional()
  @Text(0, 50)
  note?: string | null;

  @IsOptional()
  @SafeInteger(0)
  age?: number | null;
}

@Schema({ ...RECORD_OPTIONS, collection: 'contacts' })
class Contact extends OwnedRecord {
  @Prop({ type: String, required: true })
  code!: string;

  @Prop({ type: String })
  note?: string | null;

  @Prop({ type: Number })
  age?: number | null;
}

const ContactSchema = SchemaFactory.createForClass(Contact);
// An owner's contacts.
ContactSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
ContactSchema.index({ ownerId: 1, code: 1 }, { unique: true });

const contacts = resource({
  name: 'contact',
  record: Contact,
  schema: ContactSchema,
  unique: ['code'],
  import: true,
});

class ContactDto extends OwnedRecordDto {
  @IsString()
  code!: string;

  @Nullable()
  @IsString()
  note!: string | null;

  @Nullable()
  @IsInt()
  age!: number | null;

  static from(this: void, contact: Contact): ContactDto {
    const { code, note = null, age = null } = contact;
    return { ...OwnedRecordDto.of(contact), code, note, age };
  }
}

/** What tests do before a contact is created. */
export const beforeContact: { act: (dto: { readonly code: string }) => unknown } = { act: () => undefined };

@Injectable()
export class ContactsService {
  constructor(@InjectRecords(contacts) private readonly records: Records<Contact>) {}

  async create(scope: Scope, dto: CreateContactDto, transaction: Transaction): Promise<Contact> {
    await beforeContact.act(dto);
    return this.records.create(scope, { ...dto }, transaction);
  }
}

@ImportExecutor(contacts, CreateContactDto, ContactDto)
export class ImportContacts {
  constructor(
    private readonly service: ContactsService,
    private readonly imports: Imports,
  ) {}

  execute(input: ImportDto, run: Run): Promise<ImportResult> {
    return this.imports.run(ImportContacts, input, run, (scope, dto: CreateContactDto, transaction) =>
      this.service.create(scope, dto, transaction),
    );
  }
}

@ApiSection('contacts', 'People.')
@Controller('api/v1/contacts')
class ContactsController {
  constructor(@InjectRecords(contacts) private readonly records: Records<Contact>) {}

  @Post()
  @SignedIn()
  @Answers(ContactDto, { status: 201, errors: contacts.errors.create })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreateContactDto,
    @CreateOnce() once: Once,
  ): Promise<ContactDto> {
    return ContactDto.from(await this.records.create(scope, { ...dto }, once));
  }

  @Get()
  @SignedIn()
  @AnswersPage(ContactDto)
  async list(@CurrentScope() scope: Scope, @Query() query: PageQuery): Promise<Page<ContactDto>> {
    return mapPage(await this.records.page(scope, query, {}), ContactDto.from);
  }

  @Get(':id')
  @SignedIn()
  @Answers(ContactDto, { errors: contacts.errors.get })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<ContactDto> {
    return ContactDto.from(await this.records.get(scope, id));
  }
}

@ApiSection('contacts', 'People.')
@Controller('api/v1/contacts')
class ContactsImportController {
  constructor(private readonly imports: Imports) {}

  @Post('import')
  @SignedIn()
  @ApiOperation({ summary: 'Import contacts', operationId: 'importContacts', requestBody: IMPORTED })
  @AnswersImport(ImportContacts)
  run(
    @CurrentScope() scope: Scope,
    @Req() { headers }: FastifyRequest,
    @RawBody() body: Buffer | undefined,
    @Query() { ignore }: ImportQuery,
    @CreateOnce() once: Once,
  ): Promise<ExecutionDto> {
    return this.imports.start(ImportContacts, { scope, type: headers['content-type'], body, ignore }, once);
  }
}

/** What its module has. */
export const CONTACTS_MODULE = {
  imports: [RecordsModule.for(contacts)],
  controllers: [ContactsController, ContactsImportController],
  providers: [ContactsService, ImportContacts],
};
