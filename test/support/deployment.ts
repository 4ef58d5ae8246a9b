import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const rules = load(readFileSync('deploy/prometheus/alerts.yaml', 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
};

/** The alert rules, in their order. */
export const alerts = rules.groups.flatMap((group) => group.rules);

const WORDS = new Set([
  'and',
  'or',
  'unless',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'by',
  'without',
  'bool',
  'up',
]);

/** The names of metrics in an expression of PromQL; of a histogram its own name. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const names = [...bare.matchAll(/\b[a-z_][a-z0-9_]*\b(?!\s*\()/gi)].map(([name]) => name);
  return names
    .filter((name) => !WORDS.has(name))
    .map((name) => name.replace(/_seconds_(bucket|count|sum)$/, '_seconds'));
}

/** Every expression of a dashboard, at any depth. */
function expressionsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    key === 'expr' ? [String(each)] : expressionsOf(each),
  );
}

/** The metrics that dashboards and alerts use. */
export function metricsUsed(): { readonly dashboard: string[]; readonly alerts: string[] } {
  const dashboard: unknown = JSON.parse(readFileSync('deploy/grafana/dashboard.json', 'utf8'));
  return {
    dashboard: [...new Set(expressionsOf(dashboard).flatMap(metricsIn))],
    alerts: [...new Set(alerts.flatMap(({ expr }) => metricsIn(expr)))],
  };
}
