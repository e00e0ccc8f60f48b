import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { DatabaseError } from '../../client/errors.ts';
import { unlessSilent } from '../../shards/at-home.ts';
import { mapConcurrently } from '../../shards/map-concurrently.ts';
import type { Shards } from '../../shards/shards.ts';

/** For how long counts of tenants hold (ms); what is created here meanwhile is added to them. */
const FRESH_MS = 30_000;

interface Counts {
  at: number;
  /** By the name of the database. One that could not be asked is left out. */
  tenants: Map<string, number>;
}

const countsOf = new WeakMap<Shards, Counts>();

/**
 * The database that takes the next tenant: of those that take any, the one with the fewest for its weight, which is how often it
 * is listed. All are asked, once in 30 seconds; one that does not answer takes none.
 * @throws DatabaseError `unavailable` where none can be asked
 */
export async function leastFull(db: Database, shards: Shards): Promise<string> {
  let counts = countsOf.get(shards);
  if (!counts || performance.now() - counts.at > FRESH_MS) {
    counts = { at: performance.now(), tenants: await countTenants(db, shards) };
    countsOf.set(shards, counts);
  }
  const { tenants } = counts;
  const chosen = lightest(shards.forNew, tenants);
  if (chosen === undefined) {
    countsOf.delete(shards);
    throw new DatabaseError({ kind: 'unavailable' });
  }
  tenants.set(chosen, (tenants.get(chosen) ?? 0) + 1);
  return chosen;
}

/** Has a database take no tenants that name none, until they are counted again. */
export function leaveOut(shards: Shards, name: string): void {
  countsOf.get(shards)?.tenants.delete(name);
}

/** The name with the lowest count for how often it is listed; the first of several. */
export function lightest(listed: readonly string[], counts: ReadonlyMap<string, number>): string | undefined {
  const weights = new Map<string, number>();
  for (const name of listed) weights.set(name, (weights.get(name) ?? 0) + 1);
  let best: { name: string; load: number } | undefined;
  for (const [name, weight] of weights) {
    const count = counts.get(name);
    if (count === undefined) continue;
    const load = count / weight;
    if (!best || load < best.load) best = { name, load };
  }
  return best?.name;
}

async function countTenants(db: Database, { forNew }: Shards): Promise<Map<string, number>> {
  const counts = await mapConcurrently(new Set(forNew), async (name) => {
    const { query } = db.at(name);
    const counted = query
      .selectFrom('tenants')
      .select(sql<number>`count(*)::integer`.as('count'))
      // Of one that has left, its address is still there.
      .where('placement', '<>', 'moved')
      .execute();
    const rows = await unlessSilent(counted).catch(() => []);
    return rows.map(({ count }) => [name, count] as const);
  });
  return new Map(counts.flat());
}
