import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';

/** A delivery that is to be tried now, and by nobody else for the next minute. */
export interface ClaimedDelivery {
  id: string;
  webhook_id: string;
  url: string;
  body: string;
  /** The number of this attempt, from 1 on. */
  attempt: number;
  /** The secrets that sign, as they are stored, the newest first. */
  sealed: string[];
}

/** How long nobody else tries what has been claimed (s). Whoever has not noted by then what came of it, has been cut off. */
export const LEASE_SECONDS = 60;

/** How many deliveries are made of what is in the outbox before a claim, so that it takes a tenth of a second or so. */
const MADE_AT_ONCE = 500;

/** What a claim has found. */
export interface Claim {
  deliveries: ClaimedDelivery[];
  /** Whether more deliveries can be made of what is in the outbox: at once, or when somebody else has finished with it. */
  hasMore: false | 'now' | 'later';
  /** Of a tenant that is not at home in this database, where to ask: another database, or here again once it has been moved. */
  elsewhere?: Elsewhere;
}

export type Elsewhere = { shard: string } | 'being moved';

/**
 * The database's clock, and how far a test is ahead of it (ms). By itself `clock_timestamp()` is nothing that PostgreSQL looks up in
 * an index, because it has another value for each row.
 */
export function clock(ahead: number) {
  return sql`(select clock_timestamp() + ${ahead} * interval '1 millisecond')`;
}

/**
 * Makes deliveries of what a tenant has in its outbox, and claims some that are due, of each active webhook in turn. Of a resource
 * the second change waits until the first has arrived; until then it is not due, so that no claim looks through what waits.
 * @param except webhooks of which nothing is claimed
 */
export async function claimDeliveries(
  db: Database,
  tenantId: string,
  { limit, except, ahead }: { limit: number; except: string[]; ahead: number },
): Promise<Claim> {
  const now = clock(ahead);
  const due = sql`
    select webhooks.id as webhook_id, webhooks.url, next.id
    from webhooks cross join lateral (
      select waiting.id, waiting.next_attempt_at
      from webhook_deliveries as waiting
      where waiting.tenant_id = ${tenantId} and waiting.webhook_id = webhooks.id and waiting.next_attempt_at <= ${now}
        and waiting.n = (
          select first.n from webhook_deliveries as first
          where first.tenant_id = ${tenantId} and first.webhook_id = webhooks.id
            and first.resource_id = waiting.resource_id and first.next_attempt_at is not null
          order by first.n limit 1)
      order by waiting.next_attempt_at
      limit ${limit}
      for update skip locked
    ) as next
    where webhooks.tenant_id = ${tenantId} and webhooks.status = 'active' and webhooks.id <> all(${except}::uuid[])
      and exists (select from tenants where id = ${tenantId} and status = 'active')
    order by row_number() over (partition by webhooks.id order by next.next_attempt_at), next.next_attempt_at
    limit ${limit}`;
  const claim = db.query
    .with('due', () =>
      db.query.selectFrom(sql<{ id: string; webhook_id: string; url: string }>`(${due})`.as('due')).selectAll(),
    )
    .updateTable('webhook_deliveries')
    .from('due')
    .set({
      attempt: sql<number>`webhook_deliveries.attempt + 1`,
      tried_at: sql<string>`${now}`,
      next_attempt_at: sql<string>`${now} + ${LEASE_SECONDS} * interval '1 second'`,
    })
    .where('webhook_deliveries.tenant_id', '=', tenantId)
    .whereRef('webhook_deliveries.id', '=', 'due.id')
    .returning([
      'webhook_deliveries.id',
      'webhook_deliveries.webhook_id',
      'due.url',
      'webhook_deliveries.body',
      'webhook_deliveries.attempt',
      sql<string[]>`array(
        select sealed from webhook_secrets
        where webhook_secrets.tenant_id = ${tenantId} and webhook_secrets.webhook_id = due.webhook_id
          and (expires_at is null or expires_at > ${now})
        order by webhook_secrets.id desc)`.as('sealed'),
    ]);
  const fanOut = db.query.selectNoFrom(
    sql`set_config('app.is_free', fan_out_webhooks(${tenantId}, ${MADE_AT_ONCE}::integer)::text, true)`.as('made'),
  );
  const outbox = sql<{ has_more: boolean; is_free: boolean; placement: string | null; moved_to: string | null }>`(
    select exists (select from webhook_outbox where tenant_id = ${tenantId}) as has_more,
      current_setting('app.is_free', true) = 'true' as is_free, placement, moved_to
    from (select) as one left join tenants on tenants.id = ${tenantId})`;
  const found = db.query
    .with('claimed', () => claim)
    .selectFrom(outbox.as('outbox'))
    .leftJoin('claimed', (join) => join.onTrue())
    .selectAll();
  const rows = await db.write([fanOut, found]);
  const deliveries = rows.filter((row): row is (typeof rows)[number] & ClaimedDelivery => row.id !== null);
  const [first] = rows;
  return {
    deliveries,
    hasMore: first?.has_more ? (first.is_free ? 'now' : 'later') : false,
    ...(first ? elsewhereOf(first) : {}),
  };
}

function elsewhereOf({ placement, moved_to: shard }: { placement: string | null; moved_to: string | null }) {
  if (shard !== null) return { elsewhere: { shard } };
  const isBeingMoved = placement === 'moving' || placement === 'arriving';
  return isBeingMoved ? { elsewhere: 'being moved' as const } : {};
}
