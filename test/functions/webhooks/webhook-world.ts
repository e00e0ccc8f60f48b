import type pg from 'pg';
import type { Reply, TestApi, TestTenant } from '../../support/api.ts';

/* What the tests of webhooks share. */

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects, and fails where that is not there
type Any = any;

/** A delivery as it is stored, with its body parsed. */
export interface Stored {
  id: string;
  event: string;
  resource_id: string;
  status: string;
  body: { type: string; timestamp: string; data: Any };
}

/** Makes a webhook by the API. */
export async function makeWebhook(
  tenant: TestTenant,
  { url = 'https://example.com/hook', events = ['*'] }: { url?: string; events?: string[] } = {},
): Promise<Any> {
  const { status, json, text }: Reply = await tenant.post('/api/v1/webhooks', { url, events });
  if (status !== 201) throw new Error(text);
  return json;
}

/** Makes deliveries of what a tenant has in its outbox, as who delivers does. */
export async function makeDeliveries(api: TestApi, tenant: Pick<TestTenant, 'id'>): Promise<void> {
  await (api.database.admin as pg.Client).query('select fan_out_webhooks($1, 100000)', [tenant.id]);
}

/** The deliveries of a tenant in their order, and takes them away, so that the next time shows only what is new. */
export async function takeDeliveries(api: TestApi, tenant: Pick<TestTenant, 'id'>): Promise<Stored[]> {
  await makeDeliveries(api, tenant);
  const { rows } = await (api.database.admin as pg.Client).query(
    `with gone as (delete from webhook_deliveries where tenant_id = $1 returning *) select * from gone order by n`,
    [tenant.id],
  );
  return rows.map((row) => ({ ...row, body: JSON.parse(row.body) }));
}
