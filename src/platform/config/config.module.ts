import { type DynamicModule, Module } from '@nestjs/common';
import { Config } from './config.js';

/** The one configuration, injected as `Config` wherever it is needed. */
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Config, useValue: config }],
      exports: [Config],
    };
  }
}
