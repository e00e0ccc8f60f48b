import { DatabaseError } from '../client/errors.ts';
import { homeByHash } from './home-by-hash.ts';
import { forgetHome, knownHome, noteHome } from './known-homes.ts';
import { firstOf, type Shards } from './shards.ts';

/** How many databases are asked at a time who has a tenant. */
const MAX_AT_A_TIME = 6;

/** For how long (ms) nobody is asked again for a tenant that none of the databases which answered has. */
const QUIET_MS = 10_000;

/** Tenants that were looked for everywhere in vain while a database was down, and until when that is not done again. */
const missed = new Map<string, number>();

/** How the home of a tenant is asked. */
export interface Inquiry<T> {
  shards: Shards;
  tenantId: string;
  /** Asks one database. The tenant's home gives the answer; every other one refuses with `elsewhere`, and has done nothing. */
  ask: (shard: string) => Promise<T>;
  /** Asks the directory, past what is known here. */
  lookUp: () => Promise<string | undefined>;
  /** Whether a batch whose response was lost may be sent to another database: a write may not, as it may have been carried out. */
  isRead: boolean;
}

/**
 * Asks the home of a tenant: the database where it was found before; where the directory says, if that is no database itself;
 * or the one that its id gives. A database that is not its home says so, and where the tenant has moved, as far as it knows;
 * otherwise the directory is asked. Where that cannot be asked, or a database that may be its home, all others are.
 * @throws DatabaseError of the home; where there is none, what a tenant is told that does not exist; `unavailable` where that
 *   cannot be told
 */
export async function atHome<T>(inquiry: Inquiry<T>): Promise<T> {
  const { shards, tenantId, ask, isRead } = inquiry;
  const failures = new Map<string, DatabaseError>();
  const lookUp = once(() => directoryOf(inquiry, failures));
  let next: string | undefined = knownHome(tenantId) ?? (shards.keyValues && (await lookUp()).shard);
  next ??= homeByHash(tenantId, shards.byHash);
  while (next !== undefined) {
    const shard = next;
    try {
      const answer = await ask(shard);
      noteHome(tenantId, shard);
      return answer;
    } catch (error) {
      if (!(error instanceof DatabaseError) || !mayBeElsewhere(error, isRead)) throw error;
      failures.set(shard, error);
      next = elsewhereOf(error);
    }
    const isNew = (name: string | undefined) => name !== undefined && shards.databases.has(name) && !failures.has(name);
    if (isNew(next)) continue;
    // What it was found by may be out of date.
    const { shard: found, isKnown } = await lookUp();
    next = isKnown ? [found, homeByHash(tenantId, shards.byHash)].find(isNew) : undefined;
  }
  forgetHome(tenantId);
  const { isKnown } = await lookUp();
  if (isKnown || (missed.get(tenantId) ?? 0) > performance.now()) throw worstOf(failures);
  return askEverywhere(inquiry, failures);
}

/** What the directory says, once for each inquiry; nothing where it cannot be asked. */
async function directoryOf<T>(
  { shards, lookUp }: Inquiry<T>,
  failures: Map<string, DatabaseError>,
): Promise<{ shard: string | undefined; isKnown: boolean }> {
  const nothing = { shard: undefined, isKnown: false };
  const first = shards.keyValues ? undefined : failures.get(firstOf(shards));
  if (first) {
    // It has looked itself, in the batch that it refused. If it is down, its table is, too.
    return { ...nothing, isKnown: !isOutage(first) };
  }
  return lookUp().then(
    (shard) => ({ shard, isKnown: true }),
    () => nothing,
  );
}

/** Asks all databases that have not been asked yet: one at most answers. */
async function askEverywhere<T>(inquiry: Inquiry<T>, failures: Map<string, DatabaseError>): Promise<T> {
  const { shards, tenantId, ask, isRead } = inquiry;
  const rest = [...shards.databases.keys()].filter((name) => !failures.has(name));
  let found: { shard: string; answer: T } | undefined;
  let thrown: { error: unknown } | undefined;
  const work = async () => {
    for (let shard = rest.shift(); shard !== undefined && !found && !thrown; shard = rest.shift()) {
      const name = shard;
      await ask(name).then(
        (answer) => {
          found = { shard: name, answer };
        },
        (error) => {
          if (error instanceof DatabaseError && mayBeElsewhere(error, isRead)) failures.set(name, error);
          else thrown = { error };
        },
      );
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_A_TIME }, work));
  if (found) {
    noteHome(tenantId, found.shard);
    missed.delete(tenantId);
    return found.answer;
  }
  if (thrown) throw thrown.error;
  if (missed.size > 1000) missed.clear();
  missed.set(tenantId, performance.now() + QUIET_MS);
  throw worstOf(failures);
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** Whether another database may have the tenant: this one has said so, or cannot say. */
function mayBeElsewhere(error: DatabaseError, isRead: boolean): boolean {
  const { failure } = error;
  if (failure.kind === 'unavailable') return failure.outage === 'refused' || (failure.outage === 'lost' && isRead);
  return failure.kind === 'rejected' && failure.elsewhere !== undefined;
}

function elsewhereOf({ failure }: DatabaseError): string | undefined {
  return failure.kind === 'rejected' ? (failure.elsewhere?.shard ?? undefined) : undefined;
}

function isOutage({ failure }: DatabaseError): boolean {
  return failure.kind === 'unavailable' || (failure.kind === 'rejected' && failure.code === 'unavailable');
}

/** Of a database that may have the tenant and cannot say so, or of one where it is arriving; otherwise of the first. */
function worstOf(failures: Map<string, DatabaseError>): DatabaseError {
  const all = [...failures.values()];
  return (all.find(isOutage) ?? all[0]) as DatabaseError;
}
