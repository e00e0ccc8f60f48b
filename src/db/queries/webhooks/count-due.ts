import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';

/** Enough to see that too many wait: counting goes no further. */
const MAX_COUNT = 10_000;

/**
 * How many deliveries of active tenants to active webhooks are due, up to 10 000, and for how long the oldest has been (s). What is in the outbox
 * counts as one, to how many webhooks it may go.
 */
export async function countDue(db: Database): Promise<{ due: number; oldest: number }> {
  const due = sql<{ next_attempt_at: Date }>`(
    select next.next_attempt_at
    from webhooks cross join lateral (
      select next_attempt_at from webhook_deliveries
      where webhook_deliveries.tenant_id = webhooks.tenant_id and webhook_deliveries.webhook_id = webhooks.id
        and webhook_deliveries.next_attempt_at <= now()
      limit ${MAX_COUNT}) as next
    where webhooks.status = 'active' and exists (select from tenants where id = webhooks.tenant_id and status = 'active')
    union all
    (select created_at from webhook_outbox
      where exists (select from tenants where id = webhook_outbox.tenant_id and status = 'active')
      order by created_at limit ${MAX_COUNT})
    limit ${MAX_COUNT})`;
  const row = await db.query
    .selectFrom(due.as('due'))
    .select([
      sql<number>`count(*)::integer`.as('due'),
      sql<number>`coalesce(extract(epoch from now() - min(next_attempt_at)), 0)::float8`.as('oldest'),
    ])
    .executeTakeFirstOrThrow();
  return row;
}
