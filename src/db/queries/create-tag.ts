import { jsonBuildObject } from 'kysely/helpers/postgres';
import { type Reply, writeAnswer } from '../answer.ts';
import type { Database } from '../client.ts';
import { tagMembers } from '../representations.ts';

/** Inserts one tag. Problems: `duplicate` where the tenant has one of that name in any spelling. */
export function createTag(db: Database, tag: { id: string; name: string; color: string | null }, reply: Reply) {
  return writeAnswer(
    db,
    reply,
    [db.query.insertInto('tags').values({ ...tag, tenant_id: db.tenantId })],
    db.query
      .selectFrom('tags')
      .where('tags.tenant_id', '=', db.tenantId)
      .where('tags.id', '=', tag.id)
      .select(['tags.version', jsonBuildObject(tagMembers).as('body')]),
  );
}
