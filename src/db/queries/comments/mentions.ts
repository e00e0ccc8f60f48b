import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';

const UNKNOWN = {
  code: 'unprocessable' as const,
  detail: '/body: mentions somebody who is no member',
  errors: [{ pointer: '/body', code: 'unknown', message: 'mentions somebody who is no member' }],
};

/**
 * Statements that keep the caller's member, and those who are mentioned, from being purged until the batch ends. They reject
 * with `unprocessable` where one is mentioned who is no member, unless the comment mentions that one already: who has been
 * purged since must not keep the rest of the comment from being changed.
 */
export function lockMentioned(db: Database, commentId: string, ids: string[]): Compilable[] {
  const all = sql`array_append(${ids}::uuid[], current_member())`;
  const locked = sql<{ id: string }>`(
    select id from members where tenant_id = ${db.tenantId} and id = any(${all}) order by id for key share)`;
  const known = sql<boolean>`not exists (
    select from unnest(${ids}::uuid[]) as mentioned (id)
    where not exists (select from members where members.tenant_id = ${db.tenantId} and members.id = mentioned.id)
      and not exists (
        select from comments
        where comments.tenant_id = ${db.tenantId} and comments.id = ${commentId}
          and strpos(lower(comments.body), '@[' || mentioned.id || ']') > 0))`;
  return [
    db.query.selectFrom(locked.as('locked')).select(sql<number>`count(*)::integer`.as('count')),
    raiseUnless(db, known, UNKNOWN),
  ];
}

/** A statement that stores who is mentioned, in this order. Who has been purged is not. */
export function insertMentions(db: Database, commentId: string, ids: string[]): Compilable {
  return db.query
    .insertInto('comment_mentions')
    .columns(['tenant_id', 'comment_id', 'member_id', 'n'])
    .expression(
      sql`
      select members.tenant_id, ${commentId}::uuid, members.id, mentioned.n
      from unnest(${ids}::uuid[]) with ordinality as mentioned (id, n)
      join members on members.tenant_id = ${db.tenantId} and members.id = mentioned.id` as never,
    );
}
