import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { insertMentions, lockMentioned } from './mentions.ts';
import { oneComment } from './one-comment.ts';

interface NewComment {
  id: string;
  taskId: string;
  body: string;
  /** The ids of the members who are mentioned, each once, in the order of appearance. */
  mentions: string[];
}

/**
 * Inserts one comment, by the caller. Its task is locked first, because a trigger counts the comments of it. Rejects with
 * `not_found` where there is no such task, and with `unprocessable` where somebody is mentioned who is no member.
 */
export function createComment(db: Database, { id, taskId, body, mentions }: NewComment, options: WriteOptions) {
  // Looked up, for the member may have been purged since the batch began.
  const author = sql<string>`(select id from members where tenant_id = ${db.tenantId} and id = current_member())`;
  const comment = { tenant_id: db.tenantId, id, task_id: taskId, author_id: author, body };
  return writeRepresentation(
    db,
    options,
    [
      lockRow(db, 'task', taskId),
      ...lockMentioned(db, id, mentions),
      db.query.insertInto('comments').values(comment),
      insertMentions(db, id, mentions),
    ],
    oneComment(db, id),
  );
}
