import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { sqlState, TOO_MANY_ROWS } from '../../client/errors.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';

/** How many deliveries one batch deletes, so that it takes about a second. */
const ROWS_PER_BATCH = 5000;

/**
 * Deletes a webhook with its deliveries. Rejects as `lockRow` does.
 *
 * In one batch, or in several where it has many deliveries. Each of several is a transaction of its own: if the request runs out
 * of time, what is deleted stays deleted, and the same request can be sent again to go on. The oldest go first.
 */
export async function deleteWebhook(db: Database, id: string, options: WriteOptions) {
  // Nobody makes deliveries to it meanwhile.
  const keepOut = db.query.selectNoFrom(sql`lock_webhook_outbox(${db.tenantId})`.as('locked'));
  const lock = lockRow(db, 'webhook', id, options);
  const deliveries = sql`from webhook_deliveries where tenant_id = ${db.tenantId} and webhook_id = ${id}`;
  // What is in the outbox goes with the last webhook.
  const waiting = sql`from webhook_outbox where tenant_id = ${db.tenantId} and not exists (
    select from webhooks where tenant_id = ${db.tenantId} and id <> ${id})`;
  const few = (rows: RawBuilder<unknown>) =>
    sql`(select count(*) from (select ${rows} limit ${ROWS_PER_BATCH + 1}) as bounded) <= ${ROWS_PER_BATCH}::integer`;
  const isFew = sql`${few(deliveries)} and ${few(waiting)}`;
  const last = [
    keepOut,
    lock,
    db.query.selectNoFrom(sql`split_unless(${isFew})`.as('few')),
    db.query.deleteFrom('webhooks').where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ];
  const deleteSome = db.query
    .deleteFrom('webhook_deliveries')
    .where('tenant_id', '=', db.tenantId)
    .where(sql<boolean>`id = any(array(select id ${deliveries} order by created_at, id limit ${ROWS_PER_BATCH}))`);
  const forgetSome = db.query.selectNoFrom(
    sql`forget_some_of_outbox(${id}, ${ROWS_PER_BATCH}::integer)`.as('forgotten'),
  );
  for (;;) {
    try {
      return await writeNothing(db, options, last, [TOO_MANY_ROWS]);
    } catch (error) {
      if (sqlState(error) !== TOO_MANY_ROWS) throw error;
    }
    await db.write([keepOut, lock, forgetSome, deleteSome]);
  }
}
