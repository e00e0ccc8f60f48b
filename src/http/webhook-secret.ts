import type { Context } from 'hono';
import { readWebhookKeys } from '../config/webhook-keys.ts';
import { log } from '../log.ts';
import { unavailable } from '../problem.ts';
import { newSecret, sealSecret, secretOwner } from '../webhooks/secrets.ts';
import type { Env } from './env.ts';

/**
 * A new secret of a webhook: as it is shown once, and as it is stored.
 * @throws Problem `unavailable` where the deployment has no key to encrypt it with
 */
export async function newWebhookSecret(c: Context<Env>, webhookId: string): Promise<{ shown: string; sealed: string }> {
  const shown = newSecret();
  const owner = secretOwner(c.var.db.tenantId, webhookId);
  try {
    return { shown, sealed: await sealSecret(readWebhookKeys(c.env), shown, owner) };
  } catch (error) {
    log('error', 'configuration', { request_id: c.var.requestId, message: (error as Error).message });
    throw unavailable('This deployment is not set up for webhooks.', 60);
  }
}
