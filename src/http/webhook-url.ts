import type { Context } from 'hono';
import { validationFailed } from '../problem.ts';
import { urlFault } from '../webhooks/addresses.ts';
import type { Env } from './env.ts';

/**
 * Checks what of a webhook's URL depends on the deployment.
 * @throws Problem `validation_failed` where it is not one that this deployment may send to
 */
export function checkWebhookUrl(c: Context<Env>, url: string | undefined): void {
  if (url === undefined) return;
  const fault = urlFault(url, c.env.DEVELOPMENT === 'true');
  if (fault) throw validationFailed([{ pointer: '/url', ...fault }]);
}
