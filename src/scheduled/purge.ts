import { Database } from '../db/client.ts';
import { BATCH, KINDS, type Kind, purgeExpired } from '../db/queries/purge-expired.ts';
import { type Bindings, readJanitorConfig } from '../http/config.ts';

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
  for (const kind of KINDS) {
    try {
      for (let batch = 0; batch < MAX_BATCHES; batch++) {
        const db = new Database(config, { platform: true, actor: 'janitor', requestId: crypto.randomUUID() });
        const count = await purgeExpired(db, kind);
        sum[kind] += count;
        // A batch of leaves can be small while their parents are still there.
        if (count === 0 || (kind !== 'tasks' && count < BATCH)) break;
      }
    } catch (error) {
      failures.push(error);
    }
  }
  console.log(JSON.stringify({ level: 'info', event: 'purged', ...sum }));
  if (failures.length > 0) throw failures[0];
  return sum;
}
