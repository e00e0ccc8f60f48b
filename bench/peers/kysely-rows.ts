import { type Generated, Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { CONNECTIONS, databaseUrl, type NewTask, serveStore, type Tag, type TaskPatch } from './serve.ts';

/*
 * Kysely as most use it: rows, of which JavaScript makes the nested objects. One query for each level, in parallel where
 * they do not need each other. https://kysely.dev/docs/getting-started
 */

interface Tables {
  projects: {
    id: Generated<string>;
    tenant_id: string;
    name: string;
    description: string | null;
    status: string;
    metadata: unknown;
    version: number;
    created_at: Generated<Date>;
    updated_at: Generated<Date>;
  };
  tasks: {
    id: Generated<string>;
    tenant_id: string;
    project_id: string;
    parent_id: string | null;
    title: string;
    description: string | null;
    status: Generated<string>;
    priority: Generated<number>;
    due_on: string | null;
    position: number;
    metadata: Generated<unknown>;
    completed_at: Date | null;
    version: Generated<number>;
    created_at: Generated<Date>;
    updated_at: Generated<Date>;
  };
  tags: { id: string; tenant_id: string; name: string; color: string | null };
  task_tags: { tenant_id: string; task_id: string; tag_id: string };
}

// A date stays the text that PostgreSQL gives.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema('bench_peers');

const PROJECT = ['id', 'name', 'description', 'status', 'metadata', 'version', 'created_at', 'updated_at'] as const;
const TASK = [
  ...(['id', 'project_id', 'parent_id', 'title', 'description', 'status', 'priority', 'due_on', 'position'] as const),
  ...(['metadata', 'completed_at', 'version', 'created_at', 'updated_at'] as const),
] as const;

/** The same tasks, each with its tags. */
async function withTags<T extends { id: string }>(tenantId: string, tasks: T[]): Promise<(T & { tags: Tag[] })[]> {
  const rows = await db
    .selectFrom('task_tags')
    .innerJoin('tags', 'tags.id', 'task_tags.tag_id')
    .select(['task_tags.task_id', 'tags.id', 'tags.name', 'tags.color'])
    .where('tags.tenant_id', '=', tenantId)
    .where(
      'task_tags.task_id',
      'in',
      tasks.map(({ id }) => id),
    )
    .orderBy('tags.name')
    .execute();
  const byTask = Map.groupBy(rows, (row) => row.task_id);
  return tasks.map((task) => ({
    ...task,
    tags: (byTask.get(task.id) ?? []).map(({ id, name, color }) => ({ id, name, color })),
  }));
}

serveStore({
  project: async (tenantId, id) => {
    const [project, tasks] = await Promise.all([
      db
        .selectFrom('projects')
        .select(PROJECT)
        .where('tenant_id', '=', tenantId)
        .where('id', '=', id)
        .executeTakeFirst(),
      db
        .selectFrom('tasks')
        .select(TASK)
        .where('tenant_id', '=', tenantId)
        .where('project_id', '=', id)
        .orderBy('position')
        .orderBy('id')
        .limit(200)
        .execute(),
    ]);
    return project && { ...project, tasks: await withTags(tenantId, tasks) };
  },
  projects: async (tenantId, limit) => {
    const projects = await db
      .selectFrom('projects')
      .select(PROJECT)
      .where('tenant_id', '=', tenantId)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    const tasks = await db
      .selectFrom('tasks')
      .select(TASK)
      .where('tenant_id', '=', tenantId)
      .where(
        'project_id',
        'in',
        projects.map(({ id }) => id),
      )
      .orderBy('position')
      .orderBy('id')
      .execute();
    const byProject = Map.groupBy(await withTags(tenantId, tasks), (task) => task.project_id);
    return projects.map((project) => ({ ...project, tasks: (byProject.get(project.id) ?? []).slice(0, 20) }));
  },
  createTask: (tenantId, projectId, { tags, ...given }: NewTask) =>
    db.transaction().execute(async (trx) => {
      const task = await trx
        .insertInto('tasks')
        .columns(['tenant_id', 'project_id', 'title', 'description', 'position'])
        .expression((eb) =>
          eb
            .selectFrom('projects')
            .select([
              'tenant_id',
              'id',
              sql<string>`${given.title}::text`.as('title'),
              sql<string>`${given.description}::text`.as('description'),
              eb
                .selectFrom('tasks')
                .select(sql<number>`coalesce(max(position), 0) + 1`.as('last'))
                .where('project_id', '=', projectId)
                .as('position'),
            ])
            .where('tenant_id', '=', tenantId)
            .where('id', '=', projectId),
        )
        .returning(TASK)
        .executeTakeFirst();
      if (!task) return undefined;
      const found = await trx
        .selectFrom('tags')
        .select(['id', 'name', 'color'])
        .where('tenant_id', '=', tenantId)
        .where('name', 'in', tags)
        .orderBy('name')
        .execute();
      const taggings = found.map((tag) => ({ tenant_id: tenantId, task_id: task.id, tag_id: tag.id }));
      await trx.insertInto('task_tags').values(taggings).execute();
      return { ...task, tags: found };
    }),
  updateTask: async (tenantId, id, patch: TaskPatch) => {
    const task = await db
      .updateTable('tasks')
      .set((eb) => ({ ...patch, version: eb('version', '+', 1), updated_at: sql<Date>`now()` }))
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .returning(TASK)
      .executeTakeFirst();
    return task && (await withTags(tenantId, [task]))[0];
  },
  tasks: async (tenantId, status, limit) => {
    const tasks = await db
      .selectFrom('tasks')
      .select(TASK)
      .where('tenant_id', '=', tenantId)
      .where('status', '=', status)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return withTags(tenantId, tasks);
  },
});
