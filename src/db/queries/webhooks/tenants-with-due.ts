import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { clock } from './claim-deliveries.ts';

/** The active tenants of which something is due, or in the outbox. */
export async function tenantsWithDue(db: Database, ahead: number): Promise<string[]> {
  const rows = await db.query
    .selectFrom('tenants')
    .select('tenants.id')
    .where('tenants.status', '=', 'active')
    .where(sql<boolean>`(
      exists (select from webhook_outbox where webhook_outbox.tenant_id = tenants.id) or exists (
      select from webhooks where webhooks.tenant_id = tenants.id and webhooks.status = 'active' and exists (
        select from webhook_deliveries
        where webhook_deliveries.tenant_id = webhooks.tenant_id and webhook_deliveries.webhook_id = webhooks.id
          and webhook_deliveries.next_attempt_at <= ${clock(ahead)})))`)
    .execute();
  return rows.map(({ id }) => id);
}
