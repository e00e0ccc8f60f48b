import { sql } from 'kysely';
import { jsonArrayFrom, jsonBuildObject } from 'kysely/helpers/postgres';
import type { Database } from '../../client/database.ts';
import { isOverdue } from '../../sql/overdue.ts';

const count = (status: string) => sql<number>`count(*) filter (where tasks.status = ${status})::integer`;

/** What a project's live tasks add up to. No row where the project is unknown or trashed. */
export function projectStats(db: Database, id: string) {
  const tasks = sql`from tasks
    where tasks.tenant_id = ${db.tenantId} and tasks.project_id = ${id} and tasks.deleted_at is null`;
  const stats = jsonBuildObject({
    task_count: sql<number>`count(*)::integer`,
    by_status: jsonBuildObject({
      pending: count('pending'),
      in_progress: count('in_progress'),
      completed: count('completed'),
      cancelled: count('cancelled'),
    }),
    overdue_count: sql<number>`count(*) filter (where ${isOverdue})::integer`,
    completion_ratio: sql<number>`coalesce(
      ${count('completed')}::double precision / nullif(count(*) - ${count('cancelled')}, 0), 0)`,
    by_tag: byTag(db, sql`select tasks.id ${tasks}`),
  });
  return db.query
    .selectFrom('projects')
    .where('projects.tenant_id', '=', db.tenantId)
    .where('projects.id', '=', id)
    .where('projects.deleted_at', 'is', null)
    .select([
      sql<null>`null::integer`.as('version'),
      sql<typeof stats extends { expressionType?: infer T } ? NonNullable<T> : never>`(select ${stats} ${tasks})`.as(
        'body',
      ),
    ]);
}

function byTag(db: Database, taskIds: ReturnType<typeof sql>) {
  const counted = db.query
    .selectFrom('task_tags')
    .where('tenant_id', '=', db.tenantId)
    .where(sql<boolean>`task_id = any(array(${taskIds}))`)
    .groupBy('tag_id')
    .select(['tag_id', sql<number>`count(*)::integer`.as('task_count')]);
  return jsonArrayFrom(
    db.query
      .selectFrom(counted.as('counted'))
      .innerJoin('tags', 'tags.id', 'counted.tag_id')
      .where('tags.tenant_id', '=', db.tenantId)
      .select(['tags.id', 'tags.name', 'tags.color', 'counted.task_count'])
      .orderBy('counted.task_count', 'desc')
      .orderBy('tags.name')
      .orderBy('tags.id'),
  );
}
