import { Database } from '../db/client.ts';
import { BATCH, KINDS, type Kind, purgeExpired } from '../db/queries/purge-expired.ts';
import type { Bindings } from '../http/config.ts';
import { readJanitorConfig } from '../http/janitor-config.ts';
import { log } from '../http/log.ts';

/*
 * The scheduled purge: what has been in the trash for 30 days, and idempotency keys that have expired. It runs by the
 * cron trigger of wrangler.toml, in batches of one transaction each; what one run does not reach, the next one does.
 */

/** Batches of each kind in one run. */
const MAX_BATCHES = 100;

/** Purges until nothing is left to purge, or the run has done its share. Errors: as of `Database`, once all is tried. */
export async function purge(bindings: Bindings): Promise<Record<Kind, number>> {
  const config = readJanitorConfig(bindings);
  const sum: Record<Kind, number> = { projects: 0, tasks: 0, idempotency_keys: 0 };
  const failures: unknown[] = [];
  const requestId = crypto.randomUUID();
  for (const kind of KINDS) {
    try {
      for (let batch = 0; batch < MAX_BATCHES; batch++) {
        const db = new Database(config, { platform: true, actor: 'janitor', requestId, function: 'purge' });
        const count = await purgeExpired(db, kind);
        sum[kind] += count;
        // A batch of leaves can be small while their parents are still there.
        if (count === 0 || (kind !== 'tasks' && count < BATCH)) break;
      }
    } catch (error) {
      failures.push(error);
    }
  }
  log('info', 'purged', { request_id: requestId, ...sum });
  if (failures.length > 0) throw failures[0];
  return sum;
}

/** Cloudflare's entry point: the cron trigger. */
export default {
  scheduled: async (_: unknown, bindings: Bindings): Promise<void> => {
    await purge(bindings);
  },
};
