import { Webhook } from 'standardwebhooks';
import type { CourierConfig } from '../config/courier.ts';
import type { ClaimedDelivery } from '../db/queries/webhooks/claim-deliveries.ts';
import { causeOf } from '../log.ts';
import { urlFault } from './addresses.ts';
import type { Answer, Post } from './post.ts';
import { openSecret, secretOwner } from './secrets.ts';

/** How long a receiver may take to answer (ms). */
export const ANSWER_TIMEOUT_MS = 15_000;

/** An attempt at a delivery: the answer, or why there was none, and how long it took. */
export type Outcome = { ms: number; isTimeout?: boolean } & (
  | { answer: Answer; error?: undefined }
  | { answer?: undefined; error: string }
);

/** Thrown by a `Post` where a name resolves to no public address. */
export class NotPublicError extends Error {
  override readonly name = 'NotPublicError';
}

const NOT_PUBLIC = 'The URL leads to no public address.';

/** The secrets that sign a delivery. @throws Error as `openSecret` does, which is a fault of this deployment */
export function openSecrets(
  { keys }: CourierConfig,
  tenantId: string,
  { webhook_id, sealed }: ClaimedDelivery,
): Promise<string[]> {
  const owner = secretOwner(tenantId, webhook_id);
  return Promise.all(sealed.map((one) => openSecret(keys, one, owner)));
}

/** Sends a delivery, signed with each secret (Standard Webhooks, "Verifying webhook authenticity"). */
export async function attemptDelivery(
  { isDevelopment }: CourierConfig,
  { id, url, body }: ClaimedDelivery,
  secrets: string[],
  post: Post,
  timeoutMs: number,
): Promise<Outcome> {
  const start = performance.now();
  const took = () => Math.round(performance.now() - start);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    if (urlFault(url, isDevelopment)) return { ms: took(), error: NOT_PUBLIC };
    const at = new Date();
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'Onetrip-Webhooks/1',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
    };
    const answer = await post({ url, headers, body }, signal);
    return { ms: took(), answer };
  } catch (error) {
    if (signal.aborted)
      return { ms: took(), isTimeout: true, error: `There was no answer within ${timeoutMs / 1000} s.` };
    if ((error as Error).name === 'NotPublicError') return { ms: took(), error: NOT_PUBLIC };
    return { ms: took(), error: `There was no answer (${causeOf(error)}).` };
  }
}
