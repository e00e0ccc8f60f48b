import { equal, origin, present, token } from './expect.ts';
import {
  createProject,
  deleteProject,
  getProject,
  listProjects,
  type NewTask,
  restoreProject,
  updateProject,
} from './generated/hey-api';
import { client } from './generated/hey-api/client.gen';

/* @hey-api/openapi-ts: one project from its creation to its return from the trash. */

async function main() {
  client.setConfig({ baseUrl: origin, auth: ({ scheme }) => (scheme === 'bearer' ? token : undefined) });
  const task: NewTask = { title: 'Book', subtasks: [{ title: 'Pay' }] };
  const made = await createProject({ body: { name: 'Trip', metadata: { seats: [1] }, tasks: [task] } });
  equal(made.response?.status, 201);
  const path = { id: present(made.data).id };

  const got = await getProject({ path });
  equal(
    present(got.data).tasks.map(({ title }) => title),
    ['Book', 'Pay'],
  );

  const list = await listProjects({ query: { limit: 1 } });
  const name: string = present(present(list.data).data[0]).name;
  equal(name, 'Trip');

  const headers = { 'If-Match': present(got.response?.headers.get('ETag')) };
  const changed = await updateProject({ path, headers, body: { status: 'archived' } });
  equal(present(changed.data).status, 'archived');
  const stale = await updateProject({ path, headers, body: { status: 'active' } });
  equal([stale.response?.status, stale.error?.code], [412, 'precondition_failed']);

  equal((await deleteProject({ path })).response?.status, 204);
  equal(present((await restoreProject({ path })).data).tasks.length, 2);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
