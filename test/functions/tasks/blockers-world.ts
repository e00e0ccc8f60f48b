import type { Reply, TestApi, TestTenant } from '../../support/api.ts';

/* Tasks that block each other, by their titles. */

type Call = NonNullable<Parameters<TestTenant['call']>[1]>;

interface Task {
  id: string;
  title: string;
}

export interface BlockersWorld {
  tenant: TestTenant;
  project: { id: string };
  id: (title: string) => string;
  /** The path of a task. */
  at: (title: string) => string;
  put: (task: string, blocker: string, call?: Call) => Promise<Reply>;
  off: (task: string, blocker: string, call?: Call) => Promise<Reply>;
  trash: (title: string) => Promise<Reply>;
  restore: (title: string) => Promise<Reply>;
  purge: (title: string) => Promise<Reply>;
  /** What GET shows of a task. */
  shown: (title: string) => Promise<Record<string, unknown> & { is_blocked: boolean; version: number }>;
}

/** A project with tasks of these titles. */
export async function blockersWorld(api: TestApi, titles = ['a', 'b', 'c']): Promise<BlockersWorld> {
  const tenant = await api.tenant();
  const tasks = titles.map((title) => ({ title }));
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  const ids = new Map(project.tasks.map((task: Task) => [task.title, task.id]));
  const id = (title: string) => (ids.get(title) as string | undefined) ?? title;
  const at = (title: string) => `/api/v1/tasks/${id(title)}`;
  const call = (method: string) => (task: string, blocker: string, more: Call) =>
    tenant.call(`${at(task)}/blockers/${id(blocker)}`, { method, ...more });
  const trash = (title: string) => tenant.call(at(title), { method: 'DELETE' });
  return {
    tenant,
    project,
    id,
    at,
    put: (task, blocker, more = {}) => call('PUT')(task, blocker, more),
    off: (task, blocker, more = {}) => call('DELETE')(task, blocker, more),
    trash,
    restore: (title) => tenant.post(`${at(title)}/restore`, undefined),
    purge: async (title) => {
      await trash(title);
      return tenant.post(`${at(title)}/purge`, undefined);
    },
    shown: async (title) => (await tenant.get(at(title))).json,
  };
}
