import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockComment } from './lock-comment.ts';
import { insertMentions, lockMentioned } from './mentions.ts';
import { oneComment } from './one-comment.ts';

/** A new text, and the ids of the members who are mentioned in it, each once, in the order of appearance. */
interface NewText {
  body: string;
  mentions: string[];
}

/**
 * Changes the text of a comment; the same text changes nothing. Rejects as `lockComment` does, and with `unprocessable`
 * where somebody is newly mentioned who is no member.
 */
export function updateComment(db: Database, id: string, text: NewText | undefined, options: WriteOptions) {
  const statements = lockComment(db, id, options);
  if (text) {
    const { body, mentions } = text;
    statements.push(
      ...lockMentioned(db, id, mentions),
      db.query
        .updateTable('comments')
        .set({ body, edited_at: sql<string>`clock_timestamp()` })
        .where('tenant_id', '=', db.tenantId)
        .where('id', '=', id)
        .where('body', '<>', body),
      db.query.deleteFrom('comment_mentions').where('tenant_id', '=', db.tenantId).where('comment_id', '=', id),
      insertMentions(db, id, mentions),
    );
  }
  return writeRepresentation(db, options, statements, oneComment(db, id));
}
