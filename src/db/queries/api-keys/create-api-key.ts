import { type Selectable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { Rejection } from '../../client/rejections.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { jsonObject } from '../../sql/json.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { apiKeyMembers } from '../../sql/representations.ts';
import { shownOnce, withSecret } from '../../sql/shown-once.ts';
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
      .select([
        sql<null>`null::integer`.as('version'),
        jsonObject({ ...apiKeyMembers, ...shownOnce('key') }).as('body'),
      ]),
  );
  return withSecret(db, result, 'key', key);
}

function atFault(member: string, code: string, message: string): Rejection {
  const pointer = `/${member}`;
  return { code: 'unprocessable', detail: `${pointer}: ${message}`, errors: [{ pointer, code, message }] };
}
