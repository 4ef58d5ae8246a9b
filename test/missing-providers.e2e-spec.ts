import { Controller, Inject, Injectable, Module, type Type } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { createApp } from '../src/app.js';
import { type Project, projects } from '../src/modules/projects/project.schema.js';
import { AccountMails } from '../src/modules/users/account-mails.js';
import type { Records } from '../src/platform/database/records.js';
import { InjectRecords } from '../src/platform/database/records.module.js';
import { Transactions } from '../src/platform/database/transactions.js';
import { DeclarationError } from '../src/platform/errors/start-error.js';
import { addToApp } from './support/nest-lab.js';
import { testConfig } from './support/test-app.js';

@Injectable()
class Shelf {}

@Module({ providers: [Shelf] })
class ShelfModule {}

class Nobody {}

@Controller('api/v1/mails')
class NeedsMails {
  constructor(
    readonly transactions: Transactions,
    readonly mails: AccountMails,
  ) {}
}

@Controller('api/v1/shelf')
class NeedsShelf {
  constructor(readonly shelf: Shelf) {}
}

@Controller('api/v1/nobody')
class NeedsNobody {
  @Inject(Nobody)
  readonly nobody!: Nobody;
}

@Controller('api/v1/records')
class NeedsRecords {
  constructor(@InjectRecords(projects) readonly records: Records<Project>) {}
}

@Controller('api/v1/interface')
class NeedsInterface {
  constructor(readonly shelf: { readonly books: number }) {}
}

/** Why an application with this controller does not start. */
async function refusalOf(controller: Type): Promise<string> {
  const takeBack = addToApp({ imports: [ShelfModule], controllers: [controller] }, class DeskModule {});
  try {
    await (await createApp(testConfig({ LOG_LEVEL: 'silent' }))).close();
    return 'it starts';
  } catch (error) {
    expect(error).toBeInstanceOf(DeclarationError);
    return (error as Error).message;
  } finally {
    takeBack();
  }
}

describe('a start where a provider is missing says in one sentence', () => {
  it.each([
    [
      'which module to import',
      NeedsMails,
      'NeedsMails needs AccountMails (parameter 2): add UsersModule to the imports of DeskModule',
    ],
    [
      'which module has it and does not export it',
      NeedsShelf,
      'NeedsShelf needs Shelf (parameter 1): add it to the exports of ShelfModule, and ShelfModule to the imports of DeskModule',
    ],
    [
      'that no module has it',
      NeedsNobody,
      'NeedsNobody needs Nobody (property nobody): add it to the providers of DeskModule, or the module that exports it to the imports',
    ],
    [
      'how records are imported',
      NeedsRecords,
      'NeedsRecords needs ProjectRecords (parameter 1): add RecordsModule.for(…), with the resource of Project, to the imports of DeskModule',
    ],
    [
      'what is no class at run time',
      NeedsInterface,
      'NeedsInterface does not say at run time what its parameter 1 is: import the class without `type` and not in a circle, or write @Inject(…)',
    ],
  ])('%s', async (_, controller, sentence) => {
    expect(await refusalOf(controller as Type)).toBe(sentence);
  });
});
