import { type DynamicModule, Module } from '@nestjs/common';
import { migrations } from './migrations/migrations.js';
import { AccountModule } from './modules/account/account.module.js';
import { ApiKeysModule } from './modules/api-keys/api-keys.module.js';
import { AuditModule } from './modules/audit/audit.module.js';
import { AuditExportModule } from './modules/audit-export/audit-export.module.js';
import { AuthModule } from './modules/auth/auth.module.js';
import { ConsoleModule } from './modules/console/console.module.js';
import { FilesModule } from './modules/files/files.module.js';
import { MailLinksModule } from './modules/mail-links/mail-links.module.js';
import { IdentitiesModule } from './modules/identities/identities.module.js';
import { LanguageModelModule } from './modules/language-model/language-model.module.js';
import { OAuthModule } from './modules/oauth/oauth.module.js';
import { OrganizationsModule } from './modules/organizations/organizations.module.js';
import { OutboxModule } from './modules/outbox/outbox.module.js';
import { PasskeysModule } from './modules/passkeys/passkeys.module.js';
import { ProjectsModule } from './modules/projects/projects.module.js';
import { SecondFactorModule } from './modules/second-factor/second-factor.module.js';
import { SessionsModule } from './modules/sessions/sessions.module.js';
import { SupabaseModule } from './modules/supabase/supabase.module.js';
import { UsersModule } from './modules/users/users.module.js';
import { WebhooksModule } from './modules/webhooks/webhooks.module.js';
import { LimitsModule } from './platform/limits/limits.module.js';
import { BulkModule } from './platform/bulk/bulk.module.js';
import { CacheModule } from './platform/cache/cache.module.js';
import type { Config } from './platform/config/config.js';
import { ConfigModule } from './platform/config/config.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { EncryptionModule } from './platform/encryption/encryption.module.js';
import { ExecutionsModule } from './platform/executions/executions.module.js';
import { FairnessModule } from './platform/fairness/fairness.module.js';
import { HealthModule } from './platform/monitoring/health.module.js';
import { IdempotencyModule } from './platform/idempotency/idempotency.module.js';
import type { Loggers } from './platform/logging/logger.js';
import { ImportsModule } from './platform/imports/imports.module.js';
import { LoggingModule } from './platform/logging/logging.module.js';
import { MetricsModule } from './platform/monitoring/metrics.module.js';
import { MigrationsModule } from './platform/migrations/migrations.module.js';
import { OpenApiModule } from './platform/openapi/openapi.module.js';
import { RedisModule } from './platform/redis/redis.module.js';
import { SheddingModule } from './platform/shedding/shedding.module.js';
import { SubscriptionsModule } from './platform/subscriptions/subscriptions.module.js';
import { TracingModule } from './platform/tracing/tracing.module.js';
import { TrashModule } from './platform/trash/trash.module.js';

const PLATFORM = [
  DatabaseModule,
  MigrationsModule.forRoot(migrations),
  RedisModule,
  SubscriptionsModule,
  CacheModule,
  LimitsModule,
  BulkModule,
  EncryptionModule,
  ExecutionsModule,
  FairnessModule,
  HealthModule,
  IdempotencyModule,
  ImportsModule,
  MetricsModule,
  OpenApiModule,
  SheddingModule,
  TracingModule,
  TrashModule,
];

const FEATURES = [
  AccountModule,
  ApiKeysModule,
  AuditModule,
  AuditExportModule,
  AuthModule,
  ConsoleModule,
  FilesModule,
  IdentitiesModule,
  MailLinksModule,
  LanguageModelModule,
  OAuthModule,
  OrganizationsModule,
  OutboxModule,
  PasskeysModule,
  ProjectsModule,
  SecondFactorModule,
  SessionsModule,
  SupabaseModule,
  UsersModule,
  WebhooksModule,
];

/** The table of contents: the platform, and the features on it. */
@Module({})
export class AppModule {
  static forRoot(config: Config, loggers: Loggers): DynamicModule {
    return {
      module: AppModule,
      imports: [ConfigModule.forRoot(config), LoggingModule.forRoot(loggers), ...PLATFORM, ...FEATURES],
    };
  }
}
