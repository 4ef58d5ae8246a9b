import { type DynamicModule, Module } from '@nestjs/common';
import { Config } from './config.js';

/** The one configuration, injected as `Config` wherever it is needed, and the features' own by their classes. */
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    const features = [...(config.features ?? [])].map(([provide, useValue]) => ({ provide, useValue }));
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Config, useValue: config }, ...features],
      exports: [Config, ...features.map(({ provide }) => provide)],
    };
  }
}
