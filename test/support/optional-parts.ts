/** A part that a product may do without: a line of app.module.ts, and what is deleted with it. */
export interface OptionalPart {
  readonly module: string;
  readonly paths: readonly string[];
  /** Goes with it. */
  readonly route?: `${'GET' | 'POST'} /${string}`;
  /** Goes with it. */
  readonly variable?: string;
  /** Features that have what it offers use it: those of a product, none of the base. */
  readonly isOffered?: true;
  /** Parts that cannot do without it. */
  readonly neededBy?: readonly string[];
}

export const OPTIONAL_PARTS: readonly OptionalPart[] = [
  { module: 'ApiKeysModule', paths: ['src/modules/api-keys'], route: 'GET /api/v1/auth/api-keys' },
  {
    module: 'AuditModule',
    paths: ['src/modules/audit'],
    route: 'GET /api/v1/audit',
    variable: 'AUDIT_RETENTION_DAYS',
    neededBy: ['AuditExportModule'],
  },
  {
    module: 'AuditExportModule',
    paths: ['src/modules/audit-export'],
    route: 'GET /api/v1/audit/export',
  },
  {
    module: 'BulkModule',
    paths: ['src/platform/bulk'],
    isOffered: true,
    neededBy: ['AuditExportModule', 'ImportsModule'],
  },
  { module: 'CacheModule', paths: ['src/platform/cache'] },
  { module: 'RedisModule', paths: ['src/platform/redis'], variable: 'REDIS_URL', neededBy: ['CacheModule'] },
  { module: 'ConsoleModule', paths: ['src/modules/console'], route: 'GET /login' },
  {
    module: 'EncryptionModule',
    paths: ['src/platform/encryption', 'src/rotate-keys.ts'],
    variable: 'ENCRYPTION_KEY',
    neededBy: [
      'ExecutionsModule',
      'ImportsModule',
      'OutboxModule',
      'SecondFactorModule',
      'SubscriptionsModule',
      'WebhooksModule',
    ],
  },
  {
    module: 'ExecutionsModule',
    paths: ['src/platform/executions'],
    route: 'GET /api/v1/executions',
    isOffered: true,
    variable: 'EXECUTIONS',
    neededBy: ['ImportsModule', 'SubscriptionsModule', 'OutboxModule', 'WebhooksModule'],
  },
  { module: 'FairnessModule', paths: ['src/platform/fairness'] },
  { module: 'FilesModule', paths: ['src/modules/files'], route: 'GET /api/v1/files', variable: 'FILES_URL' },
  {
    module: 'IdentitiesModule',
    paths: ['src/modules/identities'],
    route: 'GET /api/v1/auth/identities',
    neededBy: ['SupabaseModule', 'OAuthModule'],
  },
  { module: 'ImportsModule', paths: ['src/platform/imports'], isOffered: true },
  { module: 'LanguageModelModule', paths: ['src/modules/language-model'], isOffered: true },
  {
    module: 'MailLinksModule',
    paths: ['src/modules/mail-links', 'src/platform/mail'],
    route: 'POST /api/v1/auth/password/forgot',
    variable: 'SMTP_URL',
    neededBy: ['OrganizationsModule', 'OutboxModule'],
  },
  {
    module: 'OrganizationsModule',
    paths: ['src/modules/organizations', 'docs/organizations.md'],
    route: 'GET /api/v1/organizations',
  },
  {
    module: 'OAuthModule',
    paths: ['src/modules/oauth'],
    route: 'GET /api/v1/auth/providers',
    variable: 'OAUTH_PROVIDERS',
  },
  {
    module: 'OpenApiModule',
    paths: ['src/platform/openapi', 'scripts/openapi.mjs'],
    route: 'GET /docs',
  },
  { module: 'OutboxModule', paths: ['src/modules/outbox'] },
  { module: 'PasskeysModule', paths: ['src/modules/passkeys'], route: 'POST /api/v1/auth/login/passkey' },
  {
    module: 'SecondFactorModule',
    paths: ['src/modules/second-factor'],
    route: 'POST /api/v1/auth/otp/enable',
  },
  { module: 'SheddingModule', paths: ['src/platform/shedding'] },
  { module: 'SubscriptionsModule', paths: ['src/platform/subscriptions'], isOffered: true },
  {
    module: 'SupabaseModule',
    paths: ['src/modules/supabase'],
    route: 'POST /api/v1/auth/identities',
    variable: 'SUPABASE_URL',
  },
  { module: 'TracingModule', paths: ['src/platform/tracing'], variable: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
  { module: 'TrashModule', paths: ['src/platform/trash'], isOffered: true },
  {
    module: 'WebhooksModule',
    paths: ['src/modules/webhooks', 'src/platform/outbound'],
    route: 'GET /api/v1/webhooks',
    variable: 'OUTBOUND_ALLOW',
  },
];

/** Whether a file or folder belongs to a part. */
export function isOf({ paths }: OptionalPart, path: string): boolean {
  return paths.some((each) => path === each || path.startsWith(`${each}/`));
}
