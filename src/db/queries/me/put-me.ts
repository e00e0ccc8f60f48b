import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, type WriteResult, writeRepresentation } from '../../client/write.ts';
import { type JsonIn, jsonObject } from '../../sql/json.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { memberMembers } from '../../sql/representations.ts';

const json = jsonObject(memberMembers);

/**
 * Makes or changes the caller's own member: of a token the one with its subject, of an API key the one for whom it acts.
 * Rejects with `unprocessable` where the caller can have none.
 * @param id of the member, should it be made
 * @returns with `madeStatus` and a location where the member has been made
 */
export async function putMe(
  db: Database,
  { id, ...person }: { id: string; name: string; email: string | null },
  { madeStatus, ...options }: WriteOptions & { madeStatus: number },
): Promise<WriteResult<JsonIn<typeof json>>> {
  const isToken = db.credential === 'token';
  const isOwn = isToken
    ? sql<boolean>`members.subject = current_setting('app.actor')`
    : sql<boolean>`members.id = current_member()`;
  const own = db.query
    .selectFrom('members')
    .where('members.tenant_id', '=', db.tenantId)
    .where(isOwn)
    .select(['members.version', json.as('body')]);
  const result = await writeRepresentation(db, options, isToken ? put(db, id, person) : change(db, person), own);
  const isMade = result.body?.startsWith(`{"id":"${id}",`);
  return isMade ? { ...result, status: madeStatus, location: `/api/v1/members/${id}` } : result;
}

/** For a token. Of two at once the second waits for the first, and changes what that has made. */
function put(db: Database, id: string, person: { name: string; email: string | null }): Compilable[] {
  return [
    raiseUnless(db, sql<boolean>`current_setting('app.actor') <> ''`, {
      code: 'unprocessable',
      detail: 'The token has no `sub`.',
    }),
    db.query
      .insertInto('members')
      .values({ ...person, id, tenant_id: db.tenantId, subject: sql<string>`current_setting('app.actor')` })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'subject']).doUpdateSet((eb) => ({
          name: eb.ref('excluded.name'),
          email: eb.ref('excluded.email'),
        })),
      ),
  ];
}

function change(db: Database, person: { name: string; email: string | null }): Compilable[] {
  return [
    raiseUnless(db, sql<boolean>`current_member() is not null`, {
      code: 'unprocessable',
      detail: 'The API key acts for no member.',
    }),
    db.query
      .updateTable('members')
      .set(person)
      .where('tenant_id', '=', db.tenantId)
      .where(sql<boolean>`id = current_member()`),
  ];
}
