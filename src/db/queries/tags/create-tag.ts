import type { Database } from '../../client/database.ts';
import { type Reply, writeAnswer } from '../../client/representation.ts';
import { oneTag } from './one-tag.ts';

/** Inserts one tag. Problems: `duplicate` where the tenant has one of that name in any spelling. */
export function createTag(db: Database, tag: { id: string; name: string; color: string | null }, reply: Reply) {
  const insert = db.query.insertInto('tags').values({ ...tag, tenant_id: db.tenantId });
  return writeAnswer(db, reply, [insert], oneTag(db, tag.id));
}
