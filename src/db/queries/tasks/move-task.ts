import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { Rejection } from '../../client/rejections.ts';
import { positionAfter } from '../../sql/position.ts';
import { conflictUnless, raiseUnless } from '../../sql/raise-unless.ts';
import { levelOf, MAX_LEVEL, treeOf } from './task-tree.ts';

/** Where a task is moved. What is undefined does not change; a parent of null makes it a task without a parent. */
interface Destination {
  parent_id?: string | null | undefined;
  project_id?: string | undefined;
}

/**
 * The statements that move a task with all tasks below it, those in the trash too, and reject a move that is not allowed.
 * The projects must be locked already, so that no opposite move can close a cycle meanwhile. In another project the tasks
 * come after the last one.
 * @param values what else changes of the task itself, because one UPDATE makes one entry in the audit log
 */
export function moveTask(
  db: Database,
  id: string,
  { parent_id, project_id }: Destination,
  values: Record<string, unknown>,
): Compilable[] {
  const task = sql`from tasks where tasks.tenant_id = ${db.tenantId} and tasks.id = ${id}`;
  const target = project_id === undefined ? sql`(select tasks.project_id ${task})` : sql`${project_id}::uuid`;
  return [
    ...(project_id === undefined ? [] : [projectIsThere(db, project_id)]),
    ...(project_id !== undefined && parent_id === undefined
      ? [
          conflictUnless(
            db,
            sql<boolean>`(select tasks.parent_id is null or tasks.project_id = ${target} ${task})`,
            'The task has a parent in its project: name a parent_id, or null, with project_id.',
          ),
        ]
      : []),
    ...(parent_id ? parentRules(db, id, parent_id, target) : []),
    move(db, id, parent_id, target, values),
  ];
}

function projectIsThere(db: Database, projectId: string): Compilable {
  return raiseUnless(
    db,
    sql<boolean>`exists (
      select from projects where tenant_id = ${db.tenantId} and id = ${projectId} and deleted_at is null)`,
    atFault('unprocessable', 'project_id', 'unknown', 'is no project of this tenant'),
  );
}

function parentRules(db: Database, id: string, parentId: string, target: RawBuilder<unknown>): Compilable[] {
  return [
    raiseUnless(
      db,
      sql<boolean>`(with recursive ${treeOf(db, id)} select bool_and(tree.id <> ${parentId}) from tree)`,
      atFault('cycle', 'parent_id', 'cycle', 'is the task itself or lies below it'),
    ),
    raiseUnless(
      db,
      sql<boolean>`exists (
        select from tasks where tenant_id = ${db.tenantId} and id = ${parentId}
          and project_id = ${target} and deleted_at is null)`,
      atFault('unprocessable', 'parent_id', 'unknown', 'is no task of the project'),
    ),
    raiseUnless(
      db,
      sql<boolean>`${levelOf(db, parentId)} + 1 + (
        with recursive ${treeOf(db, id)} select max(depth) from tree) <= ${MAX_LEVEL}::integer`,
      atFault('unprocessable', 'parent_id', 'too_deep', `takes tasks beyond level ${MAX_LEVEL}`),
    ),
  ];
}

/** One UPDATE, because at the end of each statement a task and its parent must be in the same project (foreign key). */
function move(
  db: Database,
  id: string,
  parentId: string | null | undefined,
  target: RawBuilder<unknown>,
  values: Record<string, unknown>,
): Compilable {
  const parent = parentId === undefined ? sql`tasks.parent_id` : sql`${parentId}::uuid`;
  const position = sql<number>`case
    when tasks.project_id = moved.project_id then tasks.position else ${positionAfter(sql`moved.last`, sql`moved.n`)} end`;
  const ofTheTask = Object.fromEntries(
    Object.entries(values).map(([column, value]) => [
      column,
      sql<never>`case when tasks.id = ${id} then ${value} else ${column === 'position' ? position : sql.ref(`tasks.${column}`)} end`,
    ]),
  );
  return db.query
    .updateTable('tasks')
    .from(
      sql<{ id: string; n: number; project_id: string; last: number }>`(
        with recursive ${treeOf(db, id)}
        select tree.id, row_number() over (order by tree.position, tree.id) as n, ${target} as project_id, (
          select coalesce(max(position), 0) from tasks
          where tenant_id = ${db.tenantId} and project_id = ${target} and deleted_at is null
        ) as last
        from tree
      )`.as('moved'),
    )
    .set({
      project_id: sql<string>`moved.project_id`,
      parent_id: sql<string | null>`case when tasks.id = ${id} then ${parent} else tasks.parent_id end`,
      position,
      ...ofTheTask,
    })
    .where('tasks.tenant_id', '=', db.tenantId)
    .whereRef('tasks.id', '=', sql.ref('moved.id'));
}

function atFault(code: 'unprocessable' | 'cycle', member: string, fault: string, message: string): Rejection {
  const pointer = `/${member}`;
  return { code, detail: `${pointer}: ${message}`, errors: [{ pointer, code: fault, message }] };
}
