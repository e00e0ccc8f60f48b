import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type ReadOptions } from '../../client/read.ts';
import { TASKS_STATUS } from '../../enums.ts';
import { array, bare, jsonItems, jsonObject, type Member, nested, plain, text } from '../../sql/json.ts';
import { isOverdue } from '../../sql/overdue.ts';

const count = (status: string) => sql<number>`count(*) filter (where tasks.status = ${status})::integer`;

const countByStatus = Object.fromEntries(TASKS_STATUS.map((status) => [status, bare(count(status))])) as Record<
  (typeof TASKS_STATUS)[number],
  Member<number>
>;

/** Reads what the tasks of a project add up to, without those in the trash. Rejects with `not_found`. */
export function getProjectStats(db: Database, id: string, options: ReadOptions) {
  const tasks = sql`from tasks
    where tasks.tenant_id = ${db.tenantId} and tasks.project_id = ${id} and tasks.deleted_at is null`;
  const stats = jsonObject({
    task_count: bare(sql<number>`count(*)::integer`),
    by_status: nested(jsonObject(countByStatus)),
    overdue_count: bare(sql<number>`count(*) filter (where ${isOverdue})::integer`),
    completion_ratio: bare(
      sql<number>`coalesce(${count('completed')}::double precision / nullif(count(*) - ${count('cancelled')}, 0), 0)`,
    ),
    by_tag: array(byTag(db, sql`select tasks.id ${tasks}`)),
    by_assignee: array(byAssignee(db, sql`select tasks.id ${tasks}`)),
  });
  const query = db.query
    .selectFrom('projects')
    .where('projects.tenant_id', '=', db.tenantId)
    .where('projects.id', '=', id)
    .where('projects.deleted_at', 'is', null)
    .select([
      sql<null>`null::integer`.as('version'),
      sql<typeof stats extends RawBuilder<infer T> ? T : never>`(select ${stats} ${tasks})`.as('body'),
    ]);
  return fetchRepresentation(db, 'project', query, options);
}

function byTag(db: Database, taskIds: ReturnType<typeof sql>) {
  const counted = db.query
    .selectFrom('task_tags')
    .where('tenant_id', '=', db.tenantId)
    .where(sql<boolean>`task_id = any(array(${taskIds}))`)
    .groupBy('tag_id')
    .select(['tag_id', sql<number>`count(*)::integer`.as('task_count')]);
  const item = {
    id: plain(sql.ref<string>('tags.id')),
    name: text(sql.ref<string>('tags.name')),
    color: plain(sql.ref<string | null>('tags.color')),
    task_count: bare(sql.ref<number>('counted.task_count')),
  };
  return jsonItems(
    db.query
      .selectFrom(counted.as('counted'))
      .innerJoin('tags', 'tags.id', 'counted.tag_id')
      .where('tags.tenant_id', '=', db.tenantId)
      .select(jsonObject(item).as('item'))
      .orderBy('counted.task_count', 'desc')
      .orderBy('tags.name')
      .orderBy('tags.id'),
  );
}

function byAssignee(db: Database, taskIds: ReturnType<typeof sql>) {
  const counted = db.query
    .selectFrom('assignees')
    .where('tenant_id', '=', db.tenantId)
    .where(sql<boolean>`task_id = any(array(${taskIds}))`)
    .groupBy('member_id')
    .select(['member_id', sql<number>`count(*)::integer`.as('task_count')]);
  const item = {
    id: plain(sql.ref<string>('members.id')),
    name: text(sql.ref<string>('members.name')),
    task_count: bare(sql.ref<number>('counted.task_count')),
  };
  return jsonItems(
    db.query
      .selectFrom(counted.as('counted'))
      .innerJoin('members', 'members.id', 'counted.member_id')
      .where('members.tenant_id', '=', db.tenantId)
      .select(jsonObject(item).as('item'))
      .orderBy('counted.task_count', 'desc')
      .orderBy('members.name')
      .orderBy('members.id'),
  );
}
