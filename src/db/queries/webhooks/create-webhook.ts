import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { jsonObject } from '../../sql/json.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { webhookMembers } from '../../sql/representations.ts';
import { shownOnce, withSecret } from '../../sql/shown-once.ts';
import { webhookRow } from './one-webhook.ts';

/** Most webhooks of a tenant. Each change is written and sent once for each of them. */
const MAX_WEBHOOKS = 20;

/** What the advisory lock is for: the first of its two numbers. The second is the tenant. */
const NEW_WEBHOOKS = 2;

interface NewWebhook {
  id: string;
  url: string;
  events: string[];
  description: string | null;
}

/**
 * Inserts one webhook. Rejects with `unprocessable` where the tenant has 20 already.
 * @param secret what signs: `sealed` is what is stored, `shown` is put into the answer here, and sent nowhere
 */
export async function createWebhook(
  db: Database,
  webhook: NewWebhook,
  secret: { shown: string; sealed: string },
  options: WriteOptions,
) {
  const { id } = webhook;
  const oneAtATime = db.query.selectNoFrom(
    sql`pg_advisory_xact_lock(${NEW_WEBHOOKS}::integer, hashtext(${db.tenantId}::text))`.as('locked'),
  );
  const isFew = sql<boolean>`(select count(*) from webhooks where tenant_id = ${db.tenantId}) < ${MAX_WEBHOOKS}::integer`;
  const hasRoom = raiseUnless(db, isFew, {
    code: 'unprocessable',
    detail: `There are ${MAX_WEBHOOKS} webhooks already, which is the most that a tenant may have.`,
  });
  const insert = db.query.insertInto('webhooks').values({ ...webhook, tenant_id: db.tenantId });
  const insertSecret = db.query
    .insertInto('webhook_secrets')
    .values({ tenant_id: db.tenantId, webhook_id: id, sealed: secret.sealed });
  const result = await writeRepresentation(
    db,
    options,
    [oneAtATime, hasRoom, insert, insertSecret],
    webhookRow(db, id).select([
      'webhooks.version',
      jsonObject({ ...webhookMembers(db.tenantId), ...shownOnce('secret') }).as('body'),
    ]),
  );
  return withSecret(db, result, 'secret', secret.shown);
}
