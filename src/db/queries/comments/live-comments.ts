import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';

/**
 * The tenant's comments, without those whose task is in the trash. The task is looked up for each comment by a scalar
 * subquery: a join PostgreSQL might begin with all live tasks.
 */
export function liveComments(db: Database) {
  return db.query
    .selectFrom('comments')
    .where('comments.tenant_id', '=', db.tenantId)
    .where(
      sql<boolean>`(
        select tasks.deleted_at is null from tasks
        where tasks.tenant_id = ${db.tenantId} and tasks.id = comments.task_id)`,
    );
}
