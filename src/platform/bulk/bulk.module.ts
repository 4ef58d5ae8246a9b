import { Global, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Repositories } from '../database/repositories.js';
import { DeclarationError } from '../errors/start-error.js';
import { BATCHED } from './batch.dto.js';
import { Batches } from './batches.js';
import { EXPORTED } from './export.dto.js';
import { Exporter } from './exporter.js';

/** The routes that each ability requires. */
const ROUTES = {
  batch: { has: BATCHED, by: '@AnswersBatch' },
  export: { has: EXPORTED, by: '@AnswersExport' },
} as const;

/** Batches and exports of a feature's records. */
@Global()
@Module({ providers: [Batches, Exporter], exports: [Batches, Exporter] })
export class BulkModule implements OnApplicationBootstrap {
  constructor(private readonly repositories: Repositories) {}

  /** @throws DeclarationError for an ability that no route serves */
  onApplicationBootstrap(): void {
    for (const resource of this.repositories.resources) {
      for (const [ability, { has, by }] of Object.entries(ROUTES)) {
        if (!resource.can.has(ability as keyof typeof ROUTES) || has.has(resource)) continue;
        throw new DeclarationError(
          `resource '${resource.name}' declares ${ability}, and no route serves it: write one with ${by}, as ` +
            `\`npm run feature -- ${resource.plural} --add ${ability}\` does`,
        );
      }
    }
  }
}
