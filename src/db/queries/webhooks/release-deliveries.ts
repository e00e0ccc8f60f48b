import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ClaimedDelivery } from './claim-deliveries.ts';

/** Takes back attempts that were not made. What was claimed is claimed again once its time is over. */
export async function releaseDeliveries(db: Database, tenantId: string, deliveries: ClaimedDelivery[]): Promise<void> {
  const ids = deliveries.map(({ id }) => id);
  const attempts = deliveries.map(({ attempt }) => attempt);
  const release = db.query
    .updateTable('webhook_deliveries')
    .set({ attempt: sql<number>`attempt - 1` })
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`(id, attempt) in (select * from unnest(${ids}::uuid[], ${attempts}::integer[]))`)
    .where('next_attempt_at', 'is not', null);
  await db.write([release]);
}
