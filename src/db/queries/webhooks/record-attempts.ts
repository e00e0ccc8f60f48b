import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { clock, LEASE_SECONDS } from './claim-deliveries.ts';

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

/** Why a webhook is to be paused. */
export interface Pause {
  webhookId: string;
  reason: string;
}

/**
 * Notes what came of attempts, and pauses webhooks. An attempt whose time was over, and that somebody else has begun again
 * meanwhile, counts only where it has arrived.
 *
 * What waits for a delivery that has failed, because it is of the same resource, is put off beyond its next attempt, so that no
 * claim looks through it; the first of it is due once that delivery has arrived. What is written at that very moment, by a
 * transaction that this one does not see, is due a minute later.
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
  const pause = pauses.map(({ webhookId, reason }) =>
    db.query
      .updateTable('webhooks')
      .set({ status: 'paused', paused_reason: reason })
      .where('tenant_id', '=', tenantId)
      .where('id', '=', webhookId)
      .where('status', '=', 'active'),
  );
  const tried = sql`${attempted} join webhook_deliveries as tried on tried.id = made.id and tried.tenant_id = ${tenantId}`;
  const isBehind = sql`
    behind.tenant_id = ${tenantId} and behind.webhook_id = tried.webhook_id and behind.resource_id = tried.resource_id
    and behind.n > tried.n and behind.next_attempt_at is not null`;
  const putOff = db.query
    .updateTable('webhook_deliveries')
    .from(
      sql<{ id: string; due: string }>`(
        select behind.id, tried.next_attempt_at + ${LEASE_SECONDS} * interval '1 second' as due
        from ${tried} join webhook_deliveries as behind on ${isBehind}
        where tried.status = 'failed' and not made."hasArrived")`.as('waiting'),
    )
    .set({ next_attempt_at: sql<string>`waiting.due` })
    .where('webhook_deliveries.tenant_id', '=', tenantId)
    .whereRef('webhook_deliveries.id', '=', 'waiting.id')
    .whereRef('webhook_deliveries.next_attempt_at', '<', 'waiting.due');
  const goOn = db.query
    .updateTable('webhook_deliveries')
    .from(
      sql<{ id: string }>`(
        select first.id from ${tried} cross join lateral (
          select behind.id from webhook_deliveries as behind where ${isBehind} order by behind.n limit 1) as first
        where made."hasArrived")`.as('waiting'),
    )
    .set({ next_attempt_at: sql<string>`${clock(ahead)}` })
    .where('webhook_deliveries.tenant_id', '=', tenantId)
    .whereRef('webhook_deliveries.id', '=', 'waiting.id')
    .where('webhook_deliveries.status', '=', 'pending')
    .where('webhook_deliveries.attempt', '=', 0)
    .where(sql<boolean>`webhook_deliveries.next_attempt_at > ${clock(ahead)}`);
  await db.write([...pause, note, putOff, goOn]);
}
