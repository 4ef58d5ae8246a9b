import { Module, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { installFairShares } from './fair-shares.js';
import { lowerWorkers } from './worker-priority.js';

/** Keeps callers, and the hashing of passwords, from holding up the requests of others. */
@Module({})
export class FairnessModule implements OnApplicationBootstrap {
  constructor({ httpAdapter }: HttpAdapterHost) {
    installFairShares(httpAdapter.getInstance<FastifyInstance>());
  }

  async onApplicationBootstrap(): Promise<void> {
    await lowerWorkers();
  }
}
