import type { SourceFile } from './source-tree.js';

/** A part that a product may do without: a line of app.module.ts, and what is deleted with it. */
export interface OptionalPart {
  readonly module: string;
  readonly paths: readonly string[];
  /** Goes with it. */
  readonly route?: `${'GET' | 'POST'} /${string}`;
  /** Goes with it. */
  readonly variable?: string;
  /** What a feature says that needs it without importing it. */
  readonly declared?: RegExp;
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
    neededBy: ['AuditExportModule', 'ImportsModule'],
  },
  { module: 'CacheModule', paths: ['src/platform/cache'] },
  { module: 'RedisModule', paths: ['src/platform/redis'], variable: 'REDIS_URL', neededBy: ['CacheModule'] },
  { module: 'ConsoleModule', paths: ['src/modules/console'], route: 'GET /login' },
  {
    module: 'EncryptionModule',
    paths: ['src/platform/encryption', 'src/rotate-keys.ts'],
    variable: 'ENCRYPTION_KEY',
    declared: /\bencrypted: true\b/,
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
  { module: 'ImportsModule', paths: ['src/platform/imports'] },
  { module: 'LanguageModelModule', paths: ['src/modules/language-model'] },
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
  { module: 'SubscriptionsModule', paths: ['src/platform/subscriptions'] },
  {
    module: 'SupabaseModule',
    paths: ['src/modules/supabase'],
    route: 'POST /api/v1/auth/identities',
    variable: 'SUPABASE_URL',
  },
  { module: 'TracingModule', paths: ['src/platform/tracing'], variable: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
  { module: 'TrashModule', paths: ['src/platform/trash'] },
  {
    module: 'WebhooksModule',
    paths: ['src/modules/webhooks', 'src/platform/outbound'],
    route: 'GET /api/v1/webhooks',
    variable: 'OUTBOUND_ALLOW',
  },
];

/** The base's features that are no part. */
const CORE = ['account', 'auth', 'sessions', 'users'].map((feature) => `src/modules/${feature}/`);

/** Whether a file or folder belongs to a part. */
export function isOf({ paths }: OptionalPart, path: string): boolean {
  return paths.some((each) => path === each || path.startsWith(`${each}/`));
}

/** Whether a file may use every part: that of a feature which is no part of the base's core, or an executor's. */
export function mayUseParts(path: string): boolean {
  if (!path.startsWith('src/modules/')) return false;
  const isOfBase =
    CORE.some((folder) => path.startsWith(folder)) || OPTIONAL_PARTS.some((part) => isOf(part, path));
  return !isOfBase || /^src\/modules\/[^/]+\/executors\//.test(path);
}

/** The parts that a product of these files can leave out: what features of its own use stays, with what that needs. */
export function partsToLeaveOut(files: readonly SourceFile[]): OptionalPart[] {
  const users = files.filter(({ path }) => mayUseParts(path));
  const isUsed = (part: OptionalPart): boolean =>
    users.some(
      ({ path, text, imports }) =>
        !isOf(part, path) && (imports.some((to) => isOf(part, to)) || part.declared?.test(text)),
    ) || OPTIONAL_PARTS.some((other) => part.neededBy?.includes(other.module) && isUsed(other));
  return OPTIONAL_PARTS.filter((part) => !isUsed(part));
}
