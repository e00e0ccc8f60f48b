import { DatabaseError } from '../client/errors.ts';
import { cachedHome, cacheHome } from './directory-cache.ts';
import { homeByHash } from './home-by-hash.ts';
import { forgetHome, knownHome, noteHome } from './known-homes.ts';
import { mapConcurrently } from './map-concurrently.ts';
import { firstOf, type Shards } from './shards.ts';

/** How long a database may be silent (ms) that need not be the tenant's home: then others are asked as well. */
const SILENT_MS = 3_000;

/** For how long (ms) nobody is asked again for a tenant that none of the databases which answered has. */
const QUIET_MS = 10_000;

/** Tenants that were looked for everywhere in vain while a database was down, and until when that is not done again. */
const missed = new Map<string, number>();

/** How the home of a tenant is asked. */
export interface Inquiry<T> {
  shards: Shards;
  tenantId: string;
  /** Sends the batch to one database. The tenant's home gives the answer; every other one refuses with `elsewhere`, and has done nothing. */
  ask: (shard: string) => Promise<T>;
  /** Has one database say whether it is the tenant's home: others refuse as above. Nothing is changed. */
  probe: (shard: string) => Promise<unknown>;
  /** Looks into the directory. */
  lookUp: () => Promise<string | undefined>;
  /** Whether a batch whose response was lost may be sent to another database: a write may not, as it may have been carried out. */
  isRead: boolean;
  /** Makes the runtime wait for what nobody else waits for. */
  keepAlive: (work: Promise<unknown>) => void;
}

/** The databases that have not answered for the tenant, by name, and what they have said. */
type Failures = Map<string, DatabaseError>;

/**
 * Asks the home of a tenant. It is looked for where it was found before, or else where the key-value store says; where the
 * tenant's id gives; where the directory says; and where the directory cannot be asked, in all other databases. Each that is not
 * its home says so, and where the tenant has moved, as far as it knows: there it is looked for next.
 * @throws DatabaseError of the home; where there is none, what a tenant is told that does not exist; `unavailable` where that
 *   cannot be told
 */
export async function atHome<T>(inquiry: Inquiry<T>): Promise<T> {
  const { shards, tenantId, ask, isRead, keepAlive } = inquiry;
  const known = knownHome(tenantId);
  const cached = known === undefined ? await cachedHome(shards, tenantId) : undefined;
  const byId = homeByHash(tenantId, shards.byHash);
  const failures: Failures = new Map();
  const isNew = (name: string | undefined): name is string =>
    name !== undefined && shards.databases.has(name) && !failures.has(name);
  const sources: (() => string | undefined | Promise<string | undefined>)[] = [
    () => known ?? cached,
    () => byId,
    () => {
      const found = knownHome(tenantId);
      return isNew(found) ? found : elsewhere(inquiry, failures);
    },
  ];
  for (const source of sources) {
    let next = await source();
    while (isNew(next)) {
      const shard: string = next;
      try {
        const answer = await (shard === known ? ask(shard) : askOrFind(inquiry, shard, failures));
        // What a replica knows may be older than what is noted.
        if (!shards.mayLag || known === undefined) noteHome(tenantId, shard);
        const isMisled = known === undefined && shard !== (cached ?? byId);
        if (isMisled && !shards.mayLag) keepAlive(cacheHome(shards, tenantId, shard));
        return answer;
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        const isGuess = shard !== (known ?? cached);
        // Of one that is silent, the home has been found already.
        if (error !== SILENT && isLost(error) && !isRead && isGuess)
          await learnHome(inquiry, failures.set(shard, error));
        if (!mayBeElsewhere(error, isRead)) throw error;
        failures.set(shard, error);
        next = error.failure.kind === 'rejected' ? (error.failure.elsewhere?.shard ?? undefined) : undefined;
      }
    }
  }
  forgetHome(tenantId);
  throw worstOf(failures, shards);
}

/**
 * What a database answers that need not be the tenant's home. Where it is silent and another one has the tenant, that is noted.
 * @throws DatabaseError as the database refuses; `unavailable` where it is silent and another one has the tenant
 */
async function askOrFind<T>(inquiry: Inquiry<T>, shard: string, failures: Failures): Promise<T> {
  const answer = inquiry.ask(shard);
  try {
    return await unlessSilent(answer);
  } catch (error) {
    if (error !== SILENT) throw error;
    const home = await elsewhere(inquiry, new Map(failures).set(shard, SILENT));
    // It is at home there, as far as anybody knows, and the answer takes long.
    if (home === undefined) return answer;
    noteHome(inquiry.tenantId, home);
    throw SILENT;
  }
}

const SILENT = new DatabaseError({ kind: 'unavailable', outage: 'lost' });

/** What comes of an inquiry. @throws DatabaseError `unavailable` after 3 s, as nobody knows what will come of it */
export async function unlessSilent<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(SILENT), SILENT_MS);
  });
  return Promise.race([answer, silence]).finally(() => clearTimeout(timer));
}

/** What the directory says; where it cannot be asked, what all databases say that have not been asked yet. */
async function elsewhere<T>(inquiry: Inquiry<T>, failures: Failures): Promise<string | undefined> {
  const first = failures.get(firstOf(inquiry.shards));
  // It has the directory, and has looked into it before it refused the batch. If it is down, its directory is, too.
  if (first && isDenial(first)) return undefined;
  if (!first) {
    try {
      return await unlessSilent(inquiry.lookUp());
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      failures.set(firstOf(inquiry.shards), error);
    }
  }
  return findHome(inquiry, failures);
}

/**
 * Has all databases say whether they are the home that have not been asked yet: at most one is. No batch is sent to several at
 * once, so that one whose tenant is being moved meanwhile is not carried out twice.
 */
async function findHome<T>({ shards, tenantId, probe }: Inquiry<T>, failures: Failures): Promise<string | undefined> {
  if ((missed.get(tenantId) ?? 0) > performance.now()) return undefined;
  const rest = [...shards.databases.keys()].filter((name) => !failures.has(name));
  let home: string | undefined;
  await mapConcurrently(rest, async (shard) => {
    if (home !== undefined) return;
    try {
      await unlessSilent(probe(shard));
      home = shard;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      // The tenant's own database can refuse it, too: one that is suspended.
      if (error.failure.kind === 'rejected' && !mayBeElsewhere(error, true)) home = shard;
      else failures.set(shard, error);
    }
  });
  if (home !== undefined) {
    missed.delete(tenantId);
    return home;
  }
  if (missed.size > 1000) missed.clear();
  missed.set(tenantId, performance.now() + QUIET_MS);
  return undefined;
}

/** Notes where a tenant is of which nothing was known: whoever sends the write again is served there. */
async function learnHome<T>(inquiry: Inquiry<T>, failures: Failures): Promise<void> {
  const home = await elsewhere(inquiry, failures).catch(() => undefined);
  if (home !== undefined) noteHome(inquiry.tenantId, home);
}

/** Whether another database may have the tenant: this one has said so, or cannot say. */
function mayBeElsewhere(error: DatabaseError, isRead: boolean): boolean {
  const { failure } = error;
  if (failure.kind === 'unavailable') return failure.outage === 'refused' || (isLost(error) && isRead);
  return failure.kind === 'rejected' && failure.elsewhere !== undefined;
}

/** Whether nobody knows if the batch was carried out. */
function isLost({ failure }: DatabaseError): boolean {
  return failure.kind === 'unavailable' && failure.outage === 'lost';
}

/** Whether a database knows that it is not the tenant's home. One where the tenant is arriving will be at once. */
function isDenial({ failure }: DatabaseError): boolean {
  return failure.kind === 'rejected' && failure.code !== 'unavailable';
}

/**
 * Of a database that may have the tenant and cannot say so; otherwise of the first that was asked. A replica may know that a tenant
 * has moved, while that of its new home does not have it yet.
 */
function worstOf(failures: Failures, { mayLag }: Shards): DatabaseError {
  const all = [...failures.values()];
  const isUnderWay = mayLag && all.some(({ failure }) => failure.kind === 'rejected' && failure.elsewhere?.shard);
  if (isUnderWay) return new DatabaseError({ kind: 'unavailable' });
  return (all.find((error) => !isDenial(error)) ?? all[0]) as DatabaseError;
}
