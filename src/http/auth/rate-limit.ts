import type { Context } from 'hono';
import type { Config } from '../../config/config.ts';
import { log } from '../../log.ts';
import { Problem } from '../../problem.ts';
import type { Env } from '../env.ts';

/**
 * Counts a request against the quota of `key`, a tenant, at this Cloudflare location. Without a binding, or without
 * `RATE_LIMIT`, nothing is counted. Where the limiter fails, the request goes on: the limit protects the service, not the data.
 *
 * The answer to each of these says the quota (`RateLimit-Policy`, draft-ietf-httpapi-ratelimit-headers-10). The binding tells neither what is
 * left of it nor when the window ends, so `RateLimit` is on 429 alone, with the length of the window as the time to wait.
 * @throws Problem `rate_limited`
 */
export async function limitRate(c: Context<Env>, rateLimit: Config['rateLimit'], key: string): Promise<void> {
  if (!rateLimit || !c.env.RATE_LIMITER) return;
  const { quota, seconds } = rateLimit;
  c.set('rateLimitPolicy', `"tenant";q=${quota};w=${seconds}`);
  const { success } = await c.env.RATE_LIMITER.limit({ key }).catch((error: Error) => {
    log('error', 'rate_limiter', { request_id: c.var.requestId, error: error.name });
    return { success: true };
  });
  if (success) return;
  throw new Problem('rate_limited', `More than ${quota} requests in ${seconds} s: wait a little.`, {
    headers: {
      'Retry-After': String(seconds),
      RateLimit: `"tenant";r=0;t=${seconds}`,
    },
  });
}
