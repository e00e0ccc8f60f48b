import { type Compilable, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import type { RaisedProblem } from '../client/errors.ts';
import { must } from './raise-unless.ts';

export const NO_SUCH = {
  project: { code: 'not_found', detail: 'There is no such project.' },
  task: { code: 'not_found', detail: 'There is no such task.' },
  tag: { code: 'not_found', detail: 'There is no such tag.' },
  tenant: { code: 'not_found', detail: 'There is no such tenant.' },
} satisfies Record<string, RaisedProblem>;

const TABLES = { project: 'projects', task: 'tasks', tag: 'tags' } as const;

/** Versions of which the row must have one (`If-Match`). Undefined: any. */
export type Expected = number[] | undefined;

/**
 * A statement that locks one row until the batch ends, and ends the batch where the row is not there or has another
 * version than expected. Two writers that expect the same version come one after the other, and the second is refused.
 * Problems: `not_found`, `precondition_failed` with `current_version`.
 * @param trashed whether a row in the trash counts as there
 */
export function lockRow(
  db: Database,
  resource: keyof typeof TABLES,
  id: string,
  { expected, trashed = false }: { expected?: Expected; trashed?: boolean } = {},
): Compilable {
  const live = resource === 'tag' || trashed ? sql`` : sql`and deleted_at is null`;
  const versions = expected ?? null;
  return db.query
    .selectFrom(
      sql<{ id: string | null; version: number | null }>`(
        select locked.id, locked.version
        from (select) as one
        left join lateral (
          select id, version from ${sql.table(TABLES[resource])}
          where tenant_id = ${db.tenantId} and id = ${id} ${live}
          for no key update
        ) as locked on true
      )`.as('found'),
    )
    .select([
      sql`must(found.id is not null, ${JSON.stringify(NO_SUCH[resource])}::json)`.as('is_there'),
      sql`must(${versions}::integer[] is null or found.version = any(${versions}::integer[]), json_build_object(
        'code', 'precondition_failed',
        'detail', 'The resource has another version than If-Match expects.',
        'members', json_build_object('current_version', found.version)))`.as('is_as_expected'),
    ]);
}

/**
 * Statements that lock the project of a task, and further ones, in the order of their ids: before tasks are moved,
 * trashed, restored or purged. The task may have moved between being found and being locked; then the batch runs again.
 */
export function lockProjectOf(db: Database, taskId: string, further: string[] = []): Compilable[] {
  const projectOf = sql`(select project_id from tasks where tenant_id = ${db.tenantId} and id = ${taskId})`;
  return [
    db.query
      .selectFrom(
        sql<{ id: string }>`(
          select id from projects
          where tenant_id = ${db.tenantId} and (id = ${projectOf} or id = any(${further}::uuid[]))
          order by id
          for no key update
        )`.as('locked'),
      )
      .select(sql`set_config('app.locked_projects', coalesce(string_agg(id::text, ','), ''), true)`.as('locked')),
    db.query.selectNoFrom(
      sql`retry_unless(
        ${projectOf} is null
        or ${projectOf} = any(string_to_array(current_setting('app.locked_projects'), ',')::uuid[]))`.as('still_there'),
    ),
  ];
}

/** A statement that ends the batch with 409 unless the condition holds. */
export function conflictUnless(db: Database, condition: ReturnType<typeof sql<boolean>>, detail: string): Compilable {
  return must(db, condition, { code: 'conflict', detail });
}
