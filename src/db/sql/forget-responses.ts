import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from '../client/database.ts';

/**
 * A statement that takes what is about to be purged out of the responses stored for idempotency keys. The keys stay,
 * because a retry must not create again what somebody has purged. `idempotency_mentions` says which resources a stored
 * response shows, so no response has to be read.
 * @param ids a query of the ids that will be purged
 */
export function forgetResponses(db: Database, ids: RawBuilder<unknown>): Compilable {
  return forget(db, keysMentioning(db, ids));
}

/** Ids of what operations of this transaction have deleted, separated by spaces. */
const FORGOTTEN = sql`coalesce(current_setting('app.forgotten', true), '')`;

/**
 * {@link forgetResponses} for an operation of several: notes that what they answer together, which is stored when all are
 * through, may not be stored where it shows this resource.
 */
export function forgetOwnResponse(db: Database, id: string): Compilable {
  return db.query.selectNoFrom(sql`set_config('app.forgotten', ${FORGOTTEN} || ${` ${id}`}, true)`.as('forgotten'));
}

/** Whether a response shows nothing of what {@link forgetOwnResponse} has noted. */
export const showsNothingForgotten = sql<boolean>`not exists (
  select from unnest(string_to_array(trim(${FORGOTTEN}), ' ')) as id where strpos(representation.body, id) > 0)`;

/** {@link forgetResponses} for at most `limit` responses. Its row says how many they were. */
export function forgetSomeResponses(
  db: Database,
  ids: RawBuilder<unknown>,
  limit: number,
): Compilable<{ count: number }> {
  const some = sql`select distinct key from (${keysMentioning(db, ids)}) as mentioning (key) limit ${limit}`;
  return db.query
    .with('forgotten', () => forget(db, some).returning('key'))
    .selectNoFrom(sql<number>`(select count(*)::integer from forgotten)`.as('count'));
}

function forget(db: Database, keys: RawBuilder<unknown>) {
  return db.query
    .updateTable('idempotency_keys')
    .set({ body: null, etag: null })
    .where('tenant_id', '=', db.tenantId)
    .where(sql<boolean>`key = any(array(${keys}))`);
}

/** A query of the keys whose stored responses show one of these resources. */
export function keysMentioning(db: Database, ids: RawBuilder<unknown>) {
  return sql`
    select mentions.key from idempotency_mentions as mentions
    where mentions.tenant_id = ${db.tenantId} and mentions.resource_id = any(array(${ids}))`;
}
