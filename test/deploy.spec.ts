import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadAll, YAML11_SCHEMA } from 'js-yaml';
import { alerts } from './support/deployment.js';
import { textOf } from './support/pages.js';

interface Container {
  readonly env?: readonly { readonly name: string }[];
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly securityContext: object;
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string } } | undefined;
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec: {
        readonly automountServiceAccountToken: boolean;
        readonly terminationGracePeriodSeconds?: number;
        readonly securityContext: object;
        readonly containers: readonly Container[];
      };
    };
  };
}

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const KUBERNETES = 'deploy/kubernetes';
/** As Kubernetes and Compose read it, with merge keys and `off` as a boolean. */
const yaml = <T>(path: string) => loadAll(readFileSync(path, 'utf8'), { schema: YAML11_SCHEMA }) as T[];
const files = globSync(`${KUBERNETES}/*.yaml`).map((path) => basename(path));
const resources = files
  .filter((name) => name !== 'kustomization.yaml')
  .flatMap((name) => yaml<Resource>(`${KUBERNETES}/${name}`));
const [kustomization] = yaml<{
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly literals: readonly string[] }[];
}>(`${KUBERNETES}/kustomization.yaml`);
const [compose] = yaml<{ readonly services: Readonly<Record<string, Service>> }>('deploy/compose.yaml');
const services = Object.entries(compose?.services ?? {});
const workloads = resources.filter(({ spec }) => spec.template);
const documented = new Set(
  [...textOf('docs/configuration.md').matchAll(/^\| `([A-Z\d_]+)`/gm)].map(([, name]) => name),
);

describe('what is deployed', () => {
  it('is all that the folder has', () => {
    expect(['kustomization.yaml', ...(kustomization?.resources ?? [])].toSorted()).toEqual(files.toSorted());
    expect(workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()).toEqual([
      'Deployment flowversal',
      'Deployment flowversal-executions',
      'Job flowversal-migration',
    ]);
  });

  it.each(workloads.map((each) => [each.metadata.name, each] as const))(
    'runs %s without rights, within bounds',
    (_, { kind, spec }) => {
      const pod = spec.template?.spec;
      const [container] = pod?.containers ?? [];
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(container).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: {
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        },
      });
      if (kind === 'Job') return;
      expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(10);
      expect(container?.['startupProbe']?.httpGet.path).toBe('/health/live');
      expect(container?.['livenessProbe']?.httpGet.path).toBe('/health/live');
      expect(container?.['readinessProbe']?.httpGet.path).toBe('/health/ready');
    },
  );

  it('sets variables that there are', () => {
    const literals = kustomization?.configMapGenerator.flatMap((each) => each.literals) ?? [];
    const containers = workloads.flatMap(({ spec }) => spec.template?.spec.containers ?? []);
    const set = [
      ...literals.map((literal) => literal.split('=')[0]),
      ...containers.flatMap(({ env = [] }) => env.map(({ name }) => name)),
      ...services.flatMap(([, { environment = {} }]) => Object.keys(environment)),
      ...[...readFileSync('deploy/compose.env.example', 'utf8').matchAll(/^([A-Z\d_]+)=/gm)].map(
        ([, name]) => name,
      ),
    ];
    expect(set.length).toBeGreaterThan(12);
    expect(set.filter((name) => !documented.has(name))).toEqual([]);
  });

  it('has a proxy in front of every server of compose.yaml', () => {
    const servers = services.filter(([, { environment }]) => environment?.['EXECUTIONS'] === 'off');
    const proxied = readFileSync('deploy/nginx/flowversal.conf', 'utf8').matchAll(
      /^ +server ([\w-]+):3002/gm,
    );
    expect(servers.map(([name]) => name)).toEqual(['server-1', 'server-2']);
    expect([...proxied].map(([, name]) => name)).toEqual(['server-1', 'server-2']);
  });

  it('has a paragraph for whoever is called by an alert', () => {
    const [, section = ''] = textOf('docs/operations.md').split(/^## Alerts$/m);
    const [body = ''] = section.split(/^## /m);
    const paragraphs = [...body.matchAll(/^\*\*(\w+)\*\* \((\w+)\)\. /gm)].map(([, ...is]) => is);
    expect(paragraphs).toEqual(alerts.map(({ alert, labels }) => [alert, labels.severity]));
    for (const { labels, annotations } of alerts) {
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\.$/);
    }
  });
});
