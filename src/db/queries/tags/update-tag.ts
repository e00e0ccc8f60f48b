import type { Database } from '../../client/database.ts';
import { type Reply, writeAnswer } from '../../client/representation.ts';
import { type Expected, lockRow } from '../../sql/lock.ts';
import { oneTag } from './one-tag.ts';

/** Changes what the patch names. Problems: those of `lockRow`, and `duplicate`. */
export function updateTag(
  db: Database,
  id: string,
  patch: { name?: string | undefined; color?: string | null | undefined },
  expected: Expected,
  reply: Reply,
) {
  const update = db.query.updateTable('tags').set(patch).where('tenant_id', '=', db.tenantId).where('id', '=', id);
  const changes = Object.values(patch).some((value) => value !== undefined);
  return writeAnswer(db, reply, [lockRow(db, 'tag', id, { expected }), ...(changes ? [update] : [])], oneTag(db, id));
}
