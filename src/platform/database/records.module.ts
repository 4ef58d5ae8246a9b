import { type DynamicModule, Inject, Module } from '@nestjs/common';
import { getModelToken, MongooseModule } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { StoredRecord } from './record.js';
import { Repositories } from './repositories.js';
import type { Resource } from './resource.js';

function tokenOf({ record }: Resource): string {
  return `${record.name}Records`;
}

/** Injects the records of a resource whose module imports `RecordsModule.for(resource)`. */
export function InjectRecords(resource: Resource): ParameterDecorator {
  return Inject(tokenOf(resource));
}

/** Gives a feature its records: `imports: [RecordsModule.for(projects)]`, then `@InjectRecords(projects)`. */
@Module({})
export class RecordsModule {
  static for(...resources: readonly Resource[]): DynamicModule {
    const providers = resources.map((resource) => ({
      provide: tokenOf(resource),
      useFactory: (model: Model<StoredRecord>, repositories: Repositories) =>
        repositories.of(model, resource),
      inject: [getModelToken(resource.record.name), Repositories],
    }));
    const models = resources.map(({ record, schema }) => ({ name: record.name, schema }));
    return {
      module: RecordsModule,
      imports: [MongooseModule.forFeature(models)],
      providers,
      exports: [MongooseModule, ...providers.map(({ provide }) => provide)],
    };
  }
}
