import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { clock } from './claim-deliveries.ts';

/** What came of an attempt. */
export interface Attempt {
  id: string;
  attempt: number;
  hasArrived: boolean;
  ms: number;
  httpStatus: number | null;
  response: string | null;
  error: string | null;
  /** When it is to be tried again (s from now). Of no meaning where it has arrived. */
  retryIn: number;
}

/** Why a webhook is to be paused, and the attempt that says so. */
export interface Pause {
  webhookId: string;
  reason: string;
  deliveryId: string;
  attempt: number;
}

/**
 * Notes what came of attempts, and pauses webhooks. An attempt whose time was over, and that somebody else has begun again
 * meanwhile, counts only where it has arrived.
 *
 * What waits for a delivery, because it is of the same resource, has no time at which it is due (`infinity`, see
 * `write_webhook_deliveries()`): the first of it is due once that delivery has arrived.
 */
export async function recordAttempts(
  db: Database,
  tenantId: string,
  attempts: Attempt[],
  pauses: Pause[],
  ahead: number,
): Promise<void> {
  const attempted = sql<Omit<Attempt, 'hasArrived'> & { hasArrived: boolean }>`jsonb_to_recordset(
    ${JSON.stringify(attempts)}::jsonb) as made (
    id uuid, attempt integer, "hasArrived" boolean, ms integer, "httpStatus" integer, response text, error text,
    "retryIn" integer)`;
  const note = db.query
    .with('made', () => db.query.selectFrom(sql<Attempt>`(select * from ${attempted})`.as('made')).selectAll())
    .updateTable('webhook_deliveries')
    .from('made')
    .set((eb) => ({
      status: sql<'delivered' | 'failed'>`case when ${eb.ref('made.hasArrived')} then 'delivered' else 'failed' end`,
      next_attempt_at: sql<string | null>`case when not ${eb.ref('made.hasArrived')}
        then ${clock(ahead)} + ${eb.ref('made.retryIn')} * interval '1 second' end`,
      ms: eb.ref('made.ms'),
      http_status: eb.ref('made.httpStatus'),
      response: eb.ref('made.response'),
      error: eb.ref('made.error'),
    }))
    .where('webhook_deliveries.tenant_id', '=', tenantId)
    .whereRef('webhook_deliveries.id', '=', 'made.id')
    .where('webhook_deliveries.next_attempt_at', 'is not', null)
    .where((eb) =>
      eb.or([eb('made.hasArrived', '=', true), eb('webhook_deliveries.attempt', '=', eb.ref('made.attempt'))]),
    );
  const pause = pauses.map(({ webhookId, reason, deliveryId, attempt }) =>
    db.query
      .updateTable('webhooks')
      .set({ status: 'paused', paused_reason: reason })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', webhookId)
      .where('status', '=', 'active')
      // Not where the delivery has begun again meanwhile.
      .where(sql<boolean>`exists (
        select from webhook_deliveries
        where tenant_id = ${tenantId} and id = ${deliveryId} and attempt = ${attempt}::integer and next_attempt_at is not null)`),
  );
  const tried = sql`${attempted} join webhook_deliveries as tried on tried.id = made.id and tried.tenant_id = ${tenantId}`;
  const goOn = db.query
    .updateTable('webhook_deliveries')
    .from(
      sql<{ id: string }>`(
        select first.id from ${tried} cross join lateral (
          select id from webhook_deliveries as behind
          where behind.tenant_id = ${tenantId} and behind.webhook_id = tried.webhook_id
            and behind.resource_id = tried.resource_id and behind.next_attempt_at is not null
          order by behind.n limit 1) as first
        where made."hasArrived")`.as('waiting'),
    )
    // Not a part of a millisecond later, to which it would be rounded: it is due when it is looked for next.
    .set({ next_attempt_at: sql<string>`date_trunc('milliseconds', ${clock(ahead)})` })
    .where('webhook_deliveries.tenant_id', '=', tenantId)
    .whereRef('webhook_deliveries.id', '=', 'waiting.id')
    .where('webhook_deliveries.status', '=', 'pending')
    .where('webhook_deliveries.attempt', '=', 0)
    .where(sql<boolean>`webhook_deliveries.next_attempt_at > ${clock(ahead)}`);
  await db.write([...pause, note, goOn]);
}
