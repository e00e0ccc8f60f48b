import type { Bindings } from '../config/bindings.ts';
import { readJanitorConfig } from '../config/janitor.ts';
import { Database } from '../db/client/database.ts';
import { DatabaseError } from '../db/client/errors.ts';
import { refreshTagsJson } from '../db/queries/tasks/refresh-tags-json.ts';
import { deletingTenants, purgeTenant, purgeTenantRows, TENANT_TABLES } from '../db/queries/tenants/purge-tenants.ts';
import { KINDS, type Kind, purgeExpired } from '../db/queries/trash/purge-expired.ts';
import { MAX_ROWS_PER_BATCH } from '../db/sql/trash.ts';
import { log } from '../log.ts';

/*
 * The scheduled purge: what has been in the trash for 30 days, idempotency keys that have expired, deliveries that are 30 days
 * old, and tenants that are being deleted. It also brings the texts of tasks up to date whose tags have been renamed or deleted. It runs by the cron
 * trigger of wrangler.toml, in batches of one transaction each; what one run does not reach, the next one does.
 */

/** Batches of each kind in one run. */
const MAX_BATCHES = 100;

type Purged = Record<Kind | 'tenants', number>;

/**
 * Purges until nothing is left, or the run has sent as many batches as it may. Several runs at once do each other no harm.
 * @param signal ends the run after the batch that is under way
 * @throws DatabaseError the first one, after everything has been tried
 */
export async function purge(bindings: Bindings, signal?: AbortSignal): Promise<Purged> {
  const config = readJanitorConfig(bindings);
  const sum: Purged = {
    projects: 0,
    tasks: 0,
    comments: 0,
    idempotency_keys: 0,
    webhook_outbox: 0,
    webhook_deliveries: 0,
    tenants: 0,
  };
  const failures: unknown[] = [];
  const requestId = crypto.randomUUID();
  const open = () =>
    new Database(config, { platform: true, actor: 'janitor', requestId, operationId: 'scheduled-purge' });

  /** Repeats a batch until it finds nothing more, or fewer rows than fill it. @returns whether it came to an end. */
  async function inBatches<T>(batch: () => Promise<T>, isLast: (result: T) => boolean): Promise<boolean> {
    for (let n = 0; n < MAX_BATCHES && !signal?.aborted; n++) if (isLast(await batch())) return true;
    return false;
  }

  /**
   * Runs batches of so many rows as fit into the time limit: one that does not (rows with many entries in the audit log take
   * long) is tried again with fewer. The result of a batch that was too slow is undefined.
   */
  function shrinking<T>(batch: (size: number) => Promise<T>): {
    run: () => Promise<T | undefined>;
    size: () => number;
  } {
    let size = MAX_ROWS_PER_BATCH;
    const run = () =>
      batch(size).catch((error) => {
        const isSlow = error instanceof DatabaseError && error.failure.kind === 'timeout';
        if (!isSlow || size === 1) throw error;
        size = Math.ceil(size / 10);
        return undefined;
      });
    return { run, size: () => size };
  }

  async function purgeKind(kind: Kind): Promise<void> {
    const { run, size } = shrinking((rows) => purgeExpired(open(), kind, rows));
    await inBatches(
      async () => {
        const count = await run();
        sum[kind] += count ?? 0;
        return count;
      },
      // A batch of tasks without subtasks can be small while their parents are still there.
      (count) => count === 0 || (kind !== 'tasks' && count !== undefined && count < size()),
    );
  }

  async function purgeTenantWhole(id: string): Promise<void> {
    for (const table of TENANT_TABLES) {
      const { run } = shrinking((rows) => purgeTenantRows(open(), id, table, rows));
      const done = await inBatches(run, (count) => count === 0);
      if (!done) return;
    }
    await purgeTenant(open(), id);
    sum.tenants++;
  }

  const attempt = (part: Promise<unknown>) => part.catch((error) => failures.push(error));
  for (const kind of KINDS) await attempt(purgeKind(kind));
  await attempt(
    deletingTenants(open()).then(async (ids) => {
      // A tenant that fails, or has very many rows, does not hold up the others.
      for (const id of ids) await attempt(purgeTenantWhole(id));
    }),
  );
  const refresh = shrinking((tasks) => refreshTagsJson(open(), tasks));
  await attempt(inBatches(refresh.run, (isDone) => isDone === true));
  log('info', 'purged', { request_id: requestId, ...sum });
  if (failures.length > 0) throw failures[0];
  return sum;
}
