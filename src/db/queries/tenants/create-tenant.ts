import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../client/database.ts';
import { DatabaseError } from '../../client/errors.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { homeByHash } from '../../shards/home-by-hash.ts';
import { noteHome } from '../../shards/known-homes.ts';
import { firstOf, type Shards } from '../../shards/shards.ts';
import { putIntoDirectory } from './directory.ts';
import { leastFull, leaveOut } from './least-full.ts';
import { oneTenant } from './one-tenant.ts';

/**
 * Makes one tenant, active. Of several databases it is at home in the one that is named, or else in the one that is least full of
 * those that serve; behind a proxy, in the one that its id gives there.
 *
 * Where no id could say so, the tenant is `pending` there until the directory names that database: what comes to nothing in
 * between shows nowhere, and the scheduled purge removes it after an hour.
 * @param shard the name of one of the databases
 */
export async function createTenant(
  db: Database,
  { name, shard }: { name: string; shard?: string | undefined },
  options: WriteOptions,
) {
  const { shards } = db;
  if (!shards || shards.proxy) {
    const id = uuidv7();
    return insertTenant(db.homeOf(id), { id, name }, options);
  }
  for (;;) {
    const home = shard ?? (await leastFull(db, shards));
    const id = idOf(home, shards);
    const there = db.at(home);
    noteHome(id, home);
    try {
      if (homeByHash(id, shards.byHash) === home) return await insertTenant(there, { id, name }, options);
      await there.write([there.query.insertInto('tenants').values({ id, name, placement: 'pending' })]);
    } catch (error) {
      if (shard !== undefined || !(error instanceof DatabaseError) || error.failure.kind !== 'unavailable') throw error;
      leaveOut(shards, home);
      // Otherwise it may have been made.
      if (error.failure.outage !== 'refused') throw error;
      continue;
    }
    await putIntoDirectory(db.at(firstOf(shards)), id, home);
    const settle = there.query
      .updateTable('tenants')
      .set({ placement: 'home' })
      .where('id', '=', id)
      .where('placement', '=', 'pending');
    const made = await writeRepresentation(there, options, [settle], oneTenant(there, id));
    db.cacheHome(id, home);
    return made;
  }
}

function insertTenant(db: Database, tenant: { id: string; name: string }, options: WriteOptions) {
  return writeRepresentation(db, options, [db.query.insertInto('tenants').values(tenant)], oneTenant(db, tenant.id));
}

/** An id that gives this database by itself, so that the directory need not know of it; where none does, any. */
function idOf(home: string, { byHash }: Shards): string {
  let id = uuidv7();
  if (byHash.includes(home)) while (homeByHash(id, byHash) !== home) id = uuidv7();
  return id;
}
