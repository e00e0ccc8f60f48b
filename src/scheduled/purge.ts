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
 * databases it does so in one after the other, and begins with another one each hour: a run may be cut off.
 */

const HOUR_MS = 60 * 60_000;

/** Batches of each kind in one run. */
const MAX_BATCHES = 100;

type Purged = Record<Kind | 'tenants', number>;

/**
 * Purges until nothing is left, or the run has sent as many batches as it may. Several runs at once do each other no harm.
 * @param signal ends the run after the batch that is under way
 * @param now when it is run, which says with which of several databases it begins
 * @throws DatabaseError the first one, after everything has been tried
 */
export async function purge(bindings: Bindings, signal?: AbortSignal, now = Date.now()): Promise<Purged> {
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
  const caller = {
    platform: true,
    actor: 'janitor',
    requestId: crypto.randomUUID(),
    operationId: 'scheduled-purge',
  };
  const places = databases.map((database) => ({
    shard: database.shard,
    open: () => new Database(database, caller, { shards }),
  }));
  const failures: unknown[] = [];
  const down = new Set<Place>();
  const fail = (error: unknown, place: Place) => {
    failures.push(error);
    if (error instanceof DatabaseError && ['unavailable', 'timeout'].includes(error.failure.kind)) down.add(place);
    // Of one database, whoever started the purge says so.
    if (place.shard) log('error', 'purge_failed', { shard: place.shard, reason: causeOf(error) });
  };
  const start = Math.floor(now / HOUR_MS) % places.length;
  for (const here of [...places.slice(start), ...places.slice(0, start)]) {
    if (signal?.aborted) break;
    const others = places.filter((place) => place !== here);
    await purgeDatabase(here, sum, { first: places[0] ?? here, others, shards, signal, down, fail });
  }
  log('info', 'purged', { request_id: caller.requestId, ...sum });
  if (failures.length > 0) throw failures[0];
  return sum;
}

/** One of the databases. */
interface Place {
  shard: string | undefined;
  open: () => Database;
}

/** The other databases, and what says which tenant is in which. */
interface Surroundings {
  first: Place;
  others: Place[];
  shards: Shards | undefined;
  signal: AbortSignal | undefined;
  /** Those that could not be asked in this run, and are not asked again on behalf of others. */
  down: ReadonlySet<Place>;
  fail: (error: unknown, place: Place) => void;
}

/** @param sum is counted up. What fails is said, and everything else is tried all the same. */
async function purgeDatabase(
  here: Place,
  sum: Purged,
  { first, others, shards, signal, down, fail }: Surroundings,
): Promise<void> {
  const { open } = here;

  /** @returns whether the work in a database was done */
  const isDone = (place: Place, work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      (error) => {
        fail(error, place);
        return false;
      },
    );

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

  /**
   * While the tenant is still there, so that a later run does what is left of it.
   * @returns whether no other database and no directory knows of it any more
   */
  async function forgetPlace(id: string): Promise<boolean> {
    let isForgotten = true;
    for (const other of others) {
      if (down.has(other) || !(await isDone(other, removeAddress(other.open(), id)))) isForgotten = false;
    }
    return isForgotten && isDone(first, removeFromDirectory(first.open(), id));
  }

  /** Removes what was begun to be created in this database, and has come to nothing. */
  async function purgeAbandoned(): Promise<void> {
    for (const id of await abandonedTenants(open())) {
      if (down.has(first) || !(await isDone(first, removeFromDirectory(first.open(), id)))) return;
      await removeAbandoned(open(), id);
    }
  }

  const attempt = (part: Promise<unknown>) => isDone(here, part);
  for (const kind of KINDS) await attempt(purgeKind(kind));
  await attempt(
    deletingTenants(open()).then(async (ids) => {
      // A tenant that fails, or has very many rows, does not hold up the others.
      for (const id of ids) await attempt(purgeTenantWhole(id));
    }),
  );
  if (shards) await attempt(purgeAbandoned());
  const refresh = shrinking((tasks) => refreshTagsJson(open(), tasks));
  await attempt(inBatches(refresh.run, (isLast) => isLast === true));
}
