import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { forgetOwnResponse, forgetResponses } from '../../sql/forget-responses.ts';
import { lockComment } from './lock-comment.ts';

/**
 * Deletes a comment for good: a trigger takes its texts out of the audit log too, and they are taken out of the stored
 * responses. Rejects as `lockComment` does.
 */
export function deleteComment(db: Database, id: string, options: WriteOptions) {
  return writeNothing(db, options, [
    ...lockComment(db, id, options),
    forgetResponses(db, sql`select ${id}::uuid`),
    ...(options.operation ? [forgetOwnResponse(db, id)] : []),
    db.query.deleteFrom('comments').where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ]);
}
