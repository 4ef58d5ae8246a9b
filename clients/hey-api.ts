/** The client of @hey-api/openapi-ts: `node hey-api.ts <address> <email>` */
import { client } from './generated/hey-api/client.gen.ts';
import {
  createProject,
  deleteProject,
  getProject,
  listProjects,
  login,
  register,
  updateProject,
} from './generated/hey-api/sdk.gen.ts';
import type { ErrorCode, ProjectDto } from './generated/hey-api/types.gen.ts';

const [baseUrl = '', email = ''] = process.argv.slice(2);
client.setConfig({ baseUrl });
const body = { email, password: 'correct horse battery' };

await register({ body });
const signedIn = await login({ body });
client.setConfig({ auth: () => signedIn.data?.data.accessToken });

const { data: created } = await createProject({ body: { name: 'Website' } });
if (!created) throw new Error('The project was not created');
const { id, version }: ProjectDto = created.data;
const path = { id };
const read = await getProject({ path });
const listed = await listProjects({ query: { total: true } });
const updated = await updateProject({
  path,
  headers: { 'If-Match': `"${version}"` },
  body: { name: 'Shop' },
});
const deleted = await deleteProject({ path });
const { error } = await getProject({ path });
const code: ErrorCode | undefined = error?.code;

process.stdout.write(
  JSON.stringify({
    read: read.data?.data.name,
    total: listed.data?.pagination.total,
    updated: updated.data?.data.version,
    deleted: deleted.data?.message,
    code,
  }),
);
