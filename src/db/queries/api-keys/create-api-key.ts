import { type Selectable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { JsonText } from '../../client/read.ts';
import type { Rejection } from '../../client/rejections.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { bare, jsonObject } from '../../sql/json.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { apiKeyMembers } from '../../sql/representations.ts';
import type { ApiKeys } from '../../types.ts';

interface NewKey {
  id: string;
  name: string;
  role: Selectable<ApiKeys>['role'];
  member_id: string | null;
  /** A moment, RFC 3339. */
  expires_at: string | null;
  /** SHA-256 of the secret, in hexadecimal. */
  secretHash: string;
}

/** The last member of the answer, which the database does not know, and which is stored with no idempotency key. */
const unknownKey = { key: bare(sql<string | null>`null`) };

/**
 * Inserts one API key. Rejects with `unprocessable` where it would expire at once, or its member is unknown or deactivated.
 * @param key the key itself, which is put into the answer here, and sent nowhere. That of a dry run is nowhere at all
 */
export async function createApiKey(db: Database, { secretHash, ...row }: NewKey, key: string, options: WriteOptions) {
  const { id, member_id } = row;
  // Rounded down, and what PostgreSQL has rounded up already, to the year 10000, too.
  const expiresAt = sql<string>`
    least(date_trunc('milliseconds', ${row.expires_at}::timestamptz), timestamptz '9999-12-31 23:59:59.999+00')`;
  const insert = db.query.insertInto('api_keys').values({
    ...row,
    tenant_id: db.tenantId,
    secret_hash: sql<Buffer>`decode(${secretHash}, 'hex')`,
    expires_at: row.expires_at === null ? null : expiresAt,
  });
  const liesAhead = raiseUnless(
    db,
    sql<boolean>`${expiresAt} > now()`,
    atFault('expires_at', 'past', 'must be a time to come'),
  );
  const canAct = raiseUnless(
    db,
    sql<boolean>`(
      select status = 'active' from members where tenant_id = ${db.tenantId} and id = ${member_id} for share)`,
    atFault('member_id', 'unknown', 'is not an active member'),
  );
  const result = await writeRepresentation(
    db,
    options,
    [...(row.expires_at === null ? [] : [liesAhead]), ...(member_id === null ? [] : [canAct]), insert],
    db.query
      .selectFrom('api_keys')
      .where('api_keys.tenant_id', '=', db.tenantId)
      .where('api_keys.id', '=', id)
      .select([sql<null>`null::integer`.as('version'), jsonObject({ ...apiKeyMembers, ...unknownKey }).as('body')]),
  );
  return result.replayed || db.isDryRun ? result : { ...result, body: result.body && withKey(result.body, key) };
}

/** The answer with the key in it. Neither has anything that JSON escapes at this place. */
function withKey<T>(body: JsonText<T>, key: string): JsonText<T> {
  const end = '"key":null}';
  if (!body.endsWith(end)) throw new Error('The answer has no place for the key.');
  return `${body.slice(0, -end.length)}"key":"${key}"}` as JsonText<T>;
}

function atFault(member: string, code: string, message: string): Rejection {
  const pointer = `/${member}`;
  return { code: 'unprocessable', detail: `${pointer}: ${message}`, errors: [{ pointer, code, message }] };
}
