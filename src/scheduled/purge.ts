import { Database } from '../db/client.ts';
import { type Purged, purgeExpired } from '../db/queries/purge-expired.ts';
import { type Bindings, readJanitorConfig } from '../http/config.ts';

/*
 * The scheduled purge: what has been in the trash for 30 days, and idempotency keys that have expired. It runs by the
 * cron trigger of wrangler.toml, in batches of one transaction each; what one run does not reach, the next one does.
 */

const MAX_BATCHES = 40;

/** Purges until nothing is left to purge, or the run has done its share. Errors: as of `Database`. */
export async function purge(bindings: Bindings): Promise<Purged> {
  const config = readJanitorConfig(bindings);
  const sum: Purged = { projects: 0, tasks: 0, idempotency_keys: 0 };
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const db = new Database(config, { platform: true, actor: 'janitor', requestId: crypto.randomUUID() });
    const { more, ...purged } = await purgeExpired(db);
    for (const kind of ['projects', 'tasks', 'idempotency_keys'] as const) sum[kind] += purged[kind];
    if (!more) break;
  }
  console.log(JSON.stringify({ level: 'info', event: 'purged', ...sum }));
  return sum;
}
