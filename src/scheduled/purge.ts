import type { Bindings } from '../config/bindings.ts';
import { readJanitorConfig } from '../config/janitor.ts';
import { Database } from '../db/client/database.ts';
import { DatabaseError } from '../db/client/errors.ts';
import { refreshTagsJson } from '../db/queries/tasks/refresh-tags-json.ts';
import { removeFromDirectory } from '../db/queries/tenants/directory.ts';
import { abandonedTenants, removeAbandoned, removeAddress } from '../db/queries/tenants/purge-placement.ts';
import { deletingTenants, purgeTenant, purgeTenantRows, TENANT_TABLES } from '../db/queries/tenants/purge-tenants.ts';
import { KINDS, type Kind, purgeExpired } from '../db/queries/trash/purge-expired.ts';
import type { Shards } from '../db/shards/shards.ts';
import { MAX_ROWS_PER_BATCH } from '../db/sql/trash.ts';
import { causeOf, log } from '../log.ts';

/*
 * The scheduled purge: what has been in the trash for 30 days, idempotency keys that have expired, deliveries that are 30 days
 * old, and tenants that are being deleted. It also brings the texts of tasks up to date whose tags have been renamed or deleted. It runs by the cron
 * trigger of wrangler.toml, in batches of one transaction each; what one run does not reach, the next one does. Of several
 * databases it does so in one after the other, each hour beginning with another one: a run can be cut off.
 */

const HOUR_MS = 3_600_000;

/** Batches of each kind in one run. */
const MAX_BATCHES = 100;

type Purged = Record<Kind | 'tenants', number>;

/**
 * Purges until nothing is left, or the run has sent as many batches as it may. Several runs at once do each other no harm.
 * @param signal ends the run after the batch that is under way
 * @throws DatabaseError the first one, after everything has been tried
 */
export async function purge(bindings: Bindings, signal?: AbortSignal): Promise<Purged> {
  const { databases, shards } = readJanitorConfig(bindings);
  const sum: Purged = {
    projects: 0,
    tasks: 0,
    comments: 0,
    idempotency_keys: 0,
    webhook_outbox: 0,
    webhook_deliveries: 0,
    tenants: 0,
  };
  const failures: Failure[] = [];
  const caller = {
    platform: true,
    actor: 'janitor',
    requestId: crypto.randomUUID(),
    operationId: 'scheduled-purge',
  };
  const opened = databases.map(
    (database): Opened => ({ shard: database.shard, open: () => new Database(database, caller, { shards }) }),
  );
  const first = opened[0] as Opened;
  const begin = Math.floor(Date.now() / HOUR_MS) % opened.length;
  for (const each of [...opened.slice(begin), ...opened.slice(0, begin)]) {
    if (signal?.aborted) break;
    const others = opened.filter((other) => other !== each);
    failures.push(...(await purgeDatabase(each, sum, { first, others, shards, signal })));
  }
  for (const failure of failures) logFailure(failure);
  log('info', 'purged', { request_id: caller.requestId, ...sum });
  if (failures[0]) throw failures[0].error;
  return sum;
}

/** A database, by its name where there are several. */
interface Opened {
  shard: string | undefined;
  open: () => Database;
}

/** What has failed, and in which database. */
interface Failure {
  error: unknown;
  shard: string | undefined;
}

/** Says which of several databases it was; of one, whoever started the purge says so. */
function logFailure({ error, shard }: Failure): void {
  if (shard) log('error', 'purge_failed', { shard, reason: causeOf(error) });
}

/** The other databases, and what says which tenant is in which. */
interface Surroundings {
  first: Opened;
  others: Opened[];
  shards: Shards | undefined;
  signal: AbortSignal | undefined;
}

/** @param sum is counted up. @returns what has failed, after everything has been tried */
async function purgeDatabase(
  { open, shard }: Opened,
  sum: Purged,
  { first, others, shards, signal }: Surroundings,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const attempt = (part: Promise<unknown>, where = shard) =>
    part.catch((error) => failures.push({ error, shard: where }));

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
    if (shards && !(await forgetPlace(id))) return;
    await purgeTenant(open(), id);
    sum.tenants++;
  }

  /** While the tenant is still there, so that the next run does what is left of it. @returns whether nothing is left */
  async function forgetPlace(id: string): Promise<boolean> {
    const before = failures.length;
    for (const other of others) await attempt(removeAddress(other.open(), id), other.shard);
    await attempt(removeFromDirectory(first.open(), id), first.shard);
    return failures.length === before;
  }

  /** Removes what was begun to be created in this database, and has come to nothing. */
  async function purgeAbandoned(): Promise<void> {
    for (const id of await abandonedTenants(open())) {
      await removeFromDirectory(first.open(), id);
      await removeAbandoned(open(), id);
    }
  }

  for (const kind of KINDS) await attempt(purgeKind(kind));
  await attempt(
    deletingTenants(open()).then(async (ids) => {
      // A tenant that fails, or has very many rows, does not hold up the others.
      for (const id of ids) await attempt(purgeTenantWhole(id));
    }),
  );
  if (shards) await attempt(purgeAbandoned());
  const refresh = shrinking((tasks) => refreshTagsJson(open(), tasks));
  await attempt(inBatches(refresh.run, (isDone) => isDone === true));
  return failures;
}
