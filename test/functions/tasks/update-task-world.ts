import type { TestApi, TestTenant } from '../../support/api.ts';

/* What the tests of update-task begin with. */

export const path = (id: string) => `/api/v1/tasks/${id}`;

export interface Shown {
  id: string;
  title: string;
  parent_id: string | null;
  position: number;
}

/** A tenant with a project of these tasks, and what patches one of them by its title. */
export async function makeTasks(api: TestApi, tasks: unknown[] = [{ title: 'a', tags: ['t'] }]) {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  const id = (title: string): string => json.tasks.find((task: Shown) => task.title === title).id;
  const patch = (title: string, body: unknown, headers = {}) =>
    tenant.call(path(id(title)), { method: 'PATCH', body, headers });
  return { tenant, project: json.id as string, task: json.tasks[0], id, patch };
}

/** The titles and positions of the live tasks of a project, in their order. */
export const titles = async (tenant: TestTenant, project: string) =>
  (await tenant.get(`/api/v1/projects/${project}`)).json.tasks.map(({ title, position }: Shown) => [title, position]);
