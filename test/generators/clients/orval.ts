import axios from 'axios';
import { equal, origin, present, token } from './expect.ts';
import {
  createProject,
  deleteProject,
  getProject,
  listProjects,
  type NewTask,
  restoreProject,
  updateProject,
} from './generated/orval';

/* orval, which makes functions for axios: one project from its creation to its return from the trash. */

async function main() {
  axios.defaults.baseURL = origin;
  axios.defaults.headers.common.Authorization = `Bearer ${token}`;
  axios.defaults.validateStatus = () => true;
  const task: NewTask = { title: 'Book', subtasks: [{ title: 'Pay' }] };
  const made = await createProject({ name: 'Trip', metadata: { seats: [1] }, tasks: [task] });
  equal(made.status, 201);
  const { id } = made.data;

  const got = await getProject(id);
  equal(
    got.data.tasks.map(({ title }) => title),
    ['Book', 'Pay'],
  );

  const list = await listProjects({ limit: 1 });
  const name: string = present(list.data.data[0]).name;
  equal(name, 'Trip');

  const headers = { 'If-Match': String(got.headers.etag) };
  equal((await updateProject(id, { status: 'archived' }, { headers })).data.status, 'archived');
  equal((await updateProject(id, { status: 'active' }, { headers })).status, 412);

  equal((await deleteProject(id)).status, 204);
  equal((await restoreProject(id)).data.tasks.length, 2);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
