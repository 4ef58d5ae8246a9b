import type { TestClient } from './test-client.js';

export const PROJECTS = '/api/v1/projects';

/** A project as clients see it. */
export interface ProjectJson {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

let created = 0;

/** Creates a project with a name of its own; `fields` override. */
export async function createProject(owner: TestClient, fields: object = {}): Promise<ProjectJson> {
  const answer = await owner.post(PROJECTS, { name: `Project ${++created}`, ...fields });
  if (answer.status !== 201) throw new Error(`No project: ${answer.text}`);
  return answer.body.data as ProjectJson;
}

/** Creates projects one after the other; the first is the oldest. */
export async function createProjects(owner: TestClient, ...names: string[]): Promise<ProjectJson[]> {
  const projects: ProjectJson[] = [];
  for (const name of names) projects.push(await createProject(owner, { name }));
  return projects;
}

/** The address of a project. */
export function at({ id }: { readonly id: string }): string {
  return `${PROJECTS}/${id}`;
}
