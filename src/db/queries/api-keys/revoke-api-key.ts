import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound } from '../../client/rejections.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';

/** Revokes an API key, for good. One that has been revoked stays as it is. Rejects with `not_found`. */
export function revokeApiKey(db: Database, id: string, options: WriteOptions) {
  const isThere = sql<boolean>`(
    select true from api_keys where tenant_id = ${db.tenantId} and id = ${id} for no key update)`;
  const revoke = db.query
    .updateTable('api_keys')
    .set({ revoked_at: sql<string>`now()` })
    .where('tenant_id', '=', db.tenantId)
    .where('id', '=', id)
    .where('revoked_at', 'is', null);
  return writeNothing(db, options, [raiseUnless(db, isThere, notFound('API key')), revoke]);
}
