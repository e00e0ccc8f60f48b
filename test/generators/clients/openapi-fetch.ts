import createClient from 'openapi-fetch';
import { equal, origin, present, token } from './expect.ts';
import type { paths } from './generated/schema.ts';

/* openapi-typescript and openapi-fetch: one project from its creation to its return from the trash. */

async function main() {
  const client = createClient<paths>({ baseUrl: origin, headers: { Authorization: `Bearer ${token}` } });
  // The body has no more than must be sent, on every level.
  const made = await client.POST('/api/v1/projects', {
    body: {
      name: 'Trip',
      metadata: { seats: [1, { window: true }] },
      tasks: [{ title: 'Book', subtasks: [{ title: 'Pay' }] }],
    },
  });
  equal(made.response.status, 201);
  const { id } = present(made.data);
  const params = { path: { id } };

  const got = await client.GET('/api/v1/projects/{id}', { params });
  equal(
    present(got.data).tasks.map((task) => task.title),
    ['Book', 'Pay'],
  );
  equal(present(got.data).metadata, { seats: [1, { window: true }] });

  const list = await client.GET('/api/v1/projects', { params: { query: { limit: 1, sort: '-created_at' } } });
  const [first] = present(list.data).data;
  const name: string = present(first).name;
  equal([name, present(list.data).page.has_more], ['Trip', false]);

  const tag = present(got.response.headers.get('ETag'));
  const update = (status: 'active' | 'archived') =>
    client.PATCH('/api/v1/projects/{id}', {
      params: { ...params, header: { 'If-Match': tag } },
      body: { status, description: null },
    });
  equal(present((await update('archived')).data).status, 'archived');
  const stale = await update('active');
  equal([stale.response.status, stale.error?.code, stale.error?.current_version], [412, 'precondition_failed', 2]);

  const refused = await client.POST('/api/v1/projects', { body: { name: ' ' } });
  equal(
    refused.error?.errors?.map(({ pointer }) => pointer),
    ['/name'],
  );

  equal((await client.DELETE('/api/v1/projects/{id}', { params })).response.status, 204);
  equal(present((await client.POST('/api/v1/projects/{id}/restore', { params })).data).tasks.length, 2);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
