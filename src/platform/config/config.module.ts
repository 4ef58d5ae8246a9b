import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from './config.js';

/** What is set from outside, injected by the class of each concern. */
@Module({})
export class ConfigModule {
  static forRoot({ parts }: Config): DynamicModule {
    const providers = [...parts].map(([provide, useValue]) => ({ provide, useValue }));
    return { module: ConfigModule, global: true, providers, exports: [...parts.keys()] };
  }
}
