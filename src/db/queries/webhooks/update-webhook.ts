import { type Selectable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import type { Webhooks } from '../../types.ts';
import { oneWebhook } from './one-webhook.ts';

interface WebhookPatch {
  url?: string | undefined;
  events?: string[] | undefined;
  description?: string | null | undefined;
  status?: Selectable<Webhooks>['status'] | undefined;
}

/**
 * Changes the members that the patch names. Rejects as `lockRow` does. A webhook that is resumed goes on where it stopped:
 * what was tried in vain is due at once, and has all its attempts again.
 */
export function updateWebhook(db: Database, id: string, patch: WebhookPatch, options: WriteOptions) {
  const { status } = patch;
  const restart = db.query
    .updateTable('webhook_deliveries')
    .set({ attempt: 0, next_attempt_at: sql<string>`clock_timestamp()` })
    .where('tenant_id', '=', db.tenantId)
    .where('webhook_id', '=', id)
    .where('status', '=', 'failed')
    // Of those that wait there can be very many, none of which has been tried.
    .where(sql<boolean>`next_attempt_at < 'infinity'`)
    .where(sql<boolean>`(
      select status = 'paused' from webhooks where tenant_id = ${db.tenantId} and id = ${id})`);
  const pausedReason = {
    active: null,
    paused: sql<string>`coalesce(paused_reason, 'It was paused by a request.')`,
  };
  const update = db.query
    .updateTable('webhooks')
    .set({ ...patch, ...(status === undefined ? {} : { paused_reason: pausedReason[status] }) })
    .where('tenant_id', '=', db.tenantId)
    .where('id', '=', id);
  const changes = Object.values(patch).some((value) => value !== undefined);
  return writeRepresentation(
    db,
    options,
    [lockRow(db, 'webhook', id, options), ...(status === 'active' ? [restart] : []), ...(changes ? [update] : [])],
    oneWebhook(db, id),
  );
}
