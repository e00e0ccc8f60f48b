import type { Context } from 'hono';
import { causeOf, log } from '../log.ts';
import type { Env } from './env.ts';

/**
 * Tells the queue that a tenant may have something to be delivered to its webhooks. Nothing depends on it: what the queue is
 * not told, or loses, the scheduled work finds.
 */
export async function announceChanges(c: Context<Env>, tenantId: string, shard?: string): Promise<void> {
  try {
    await c.env.WEBHOOK_QUEUE?.send({ tenant_id: tenantId, ...(shard ? { shard } : {}) });
  } catch (error) {
    log('warn', 'webhook_queue_failed', { request_id: c.var.requestId, reason: causeOf(error) });
  }
}
