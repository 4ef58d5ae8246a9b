import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from './config.js';

/** The configuration, injected as the class of each concern. */
@Module({})
export class ConfigModule {
  static forRoot({ parts }: Config): DynamicModule {
    const providers = [...parts].map(([provide, useValue]) => ({ provide, useValue }));
    return { module: ConfigModule, global: true, providers, exports: [...parts.keys()] };
  }
}
