/** The client of openapi-typescript and openapi-fetch: `node openapi-fetch.ts <address> <email>` */
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/schema.ts';

type Project = components['schemas']['ProjectDto'];

const [baseUrl = '', email = ''] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl });
const password = 'correct horse battery';

await api.POST('/api/v1/auth/register', { body: { email, password } });
const login = await api.POST('/api/v1/auth/login', { body: { email, password } });
const headers = { authorization: `Bearer ${login.data?.data.accessToken}` };

const { data: created } = await api.POST('/api/v1/projects', { body: { name: 'Website' }, headers });
if (!created) throw new Error('The project was not created');
const { id, version }: Project = created.data;
const path = { id };
const read = await api.GET('/api/v1/projects/{id}', { params: { path }, headers });
const listed = await api.GET('/api/v1/projects', { params: { query: { total: true } }, headers });
const updated = await api.PATCH('/api/v1/projects/{id}', {
  params: { path, header: { 'If-Match': `"${version}"` } },
  body: { name: 'Shop' },
  headers,
});
const deleted = await api.DELETE('/api/v1/projects/{id}', { params: { path }, headers });
const { error } = await api.GET('/api/v1/projects/{id}', { params: { path }, headers });
const code: components['schemas']['ErrorCode'] | undefined = error?.code;

process.stdout.write(
  JSON.stringify({
    read: read.data?.data.name,
    total: listed.data?.pagination.total,
    updated: updated.data?.data.version,
    deleted: deleted.data?.message,
    code,
  }),
);
