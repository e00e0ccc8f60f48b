import { and, eq, inArray, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { projects, relations, tags, tasks, taskTags } from './drizzle-schema.ts';
import { CONNECTIONS, databaseUrl, serveStore } from './serve.ts';

/*
 * Drizzle's relational queries, prepared: one statement each, whose JSON PostgreSQL nests.
 * https://orm.drizzle.team/docs/rqb-v2 and https://orm.drizzle.team/docs/perf-queries
 */

const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
const db = drizzle({ client: pool, relations });

const TAGS = { columns: { tenant_id: false }, orderBy: { name: 'asc' } } as const;
const TASKS = { columns: { tenant_id: false }, with: { tags: TAGS }, orderBy: { position: 'asc', id: 'asc' } } as const;

const project = db.query.projects
  .findFirst({
    columns: { tenant_id: false },
    where: { tenant_id: sql.placeholder('tenant'), id: sql.placeholder('id') },
    with: { tasks: { ...TASKS, limit: 200 } },
  })
  .prepare('project');

const page = db.query.projects
  .findMany({
    columns: { tenant_id: false },
    where: { tenant_id: sql.placeholder('tenant') },
    with: { tasks: { ...TASKS, limit: 20 } },
    orderBy: { created_at: 'desc', id: 'desc' },
    limit: sql.placeholder('limit'),
  })
  .prepare('projects');

const byStatus = db.query.tasks
  .findMany({
    columns: { tenant_id: false },
    where: { tenant_id: sql.placeholder('tenant'), status: sql.placeholder('status') },
    with: { tags: TAGS },
    orderBy: { created_at: 'desc', id: 'desc' },
    limit: sql.placeholder('limit'),
  })
  .prepare('tasks');

const oneTask = db.query.tasks
  .findFirst({ columns: { tenant_id: false }, where: { id: sql.placeholder('id') }, with: { tags: TAGS } })
  .prepare('task');

serveStore({
  project: (tenant, id) => project.execute({ tenant, id }),
  projects: (tenant, limit) => page.execute({ tenant, limit }),
  createTask: (tenantId, projectId, { title, description, tags: names }) =>
    db.transaction(async (tx) => {
      const [found] = await tx
        .select({ id: projects.id })
        .from(projects)
        .where(and(eq(projects.tenant_id, tenantId), eq(projects.id, projectId)));
      if (!found) return undefined;
      const position = sql<number>`(select coalesce(max(position), 0) + 1 from ${tasks} where project_id = ${projectId})`;
      const [task] = await tx
        .insert(tasks)
        .values({ tenant_id: tenantId, project_id: projectId, title, description, position })
        .returning();
      if (!task) return undefined;
      const named = await tx
        .select({ id: tags.id, name: tags.name, color: tags.color })
        .from(tags)
        .where(and(eq(tags.tenant_id, tenantId), inArray(tags.name, names)))
        .orderBy(tags.name);
      await tx.insert(taskTags).values(named.map((tag) => ({ tenant_id: tenantId, task_id: task.id, tag_id: tag.id })));
      return { ...task, tags: named };
    }),
  updateTask: async (tenantId, id, patch) => {
    const changed = await db
      .update(tasks)
      .set({ ...patch, version: sql`${tasks.version} + 1`, updated_at: new Date() })
      .where(and(eq(tasks.tenant_id, tenantId), eq(tasks.id, id)))
      .returning({ id: tasks.id });
    return changed.length > 0 ? oneTask.execute({ id }) : undefined;
  },
  tasks: (tenant, status, limit) => byStatus.execute({ tenant, status, limit }),
});
