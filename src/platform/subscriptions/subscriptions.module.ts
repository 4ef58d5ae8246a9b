import { type BeforeApplicationShutdown, Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ProcessConfig } from '../config/process.config.js';
import { Subscriptions } from './subscriptions.js';

/** Methods and executors that subscribe to events of records: `@OnRecord(tickets.created)`. */
@Module({ imports: [DiscoveryModule], providers: [Subscriptions] })
export class SubscriptionsModule implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly config: ProcessConfig,
  ) {}

  onModuleInit(): void {
    this.subscriptions.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.subscriptions.settled(this.config.shutdownGraceMs / 2);
  }
}
