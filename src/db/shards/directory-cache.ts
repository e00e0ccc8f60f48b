import { causeOf, log } from '../../log.ts';
import type { Shards } from './shards.ts';

/*
 * A copy of the directory of tenants near the caller: Cloudflare KV. What it says may be a minute old or missing (Cloudflare:
 * "changes … may take up to 60 seconds or more to be visible in other locations", and a key that is not there yet is cached,
 * too), and nothing depends on it: the databases decide, and know of each other. Where it is wrong, silent or late, a request
 * takes a round trip or two more, and writes it anew.
 */

/** How long it is waited for (ms): about as long as the round trips that it saves. */
const MAX_MS = 500;

/** Which database it names as a tenant's home. */
export async function cachedHome({ keyValues }: Shards, tenantId: string): Promise<string | undefined> {
  if (!keyValues) return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('No answer in time.', 'TimeoutError')), MAX_MS);
  });
  try {
    // In a function of its own, so that what it throws at once is caught as well.
    const asked = (async () => keyValues.get(tenantId))();
    return (await Promise.race([asked, late])) ?? undefined;
  } catch (error) {
    logFailure(error);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Has it name a database. Where that fails, the next who is misled does it. */
export async function cacheHome({ keyValues }: Shards, tenantId: string, shard: string): Promise<void> {
  await keyValues?.put(tenantId, shard).catch(logFailure);
}

function logFailure(error: unknown): void {
  log('warn', 'tenant_directory_failed', { reason: causeOf(error) });
}
