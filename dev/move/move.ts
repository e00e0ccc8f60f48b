import { type Table, tenantTables } from './catalogue.ts';
import {
  announceArrival,
  type Placed,
  place,
  placements,
  untilReadsEnded,
  untilWritesEnded,
  writeDirectory,
} from './placement.ts';
import { expectOwners, expectSameTables } from './ready.ts';
import { copyRows, type Digest, digestOf, raiseSequences, removeRows } from './rows.ts';
import { inTransaction, lockTenant, type Shard } from './session.ts';

/*
 * Moves a tenant from one database to another, while others work there, and this tenant is read.
 *
 * What has been done stands in the databases: in `tenants.placement` of both, and in the rows that are there. So a run that
 * was killed is gone on with by the same command, from whichever step it had come to; or taken back (undo.ts), until the tenant
 * has arrived.
 */

export type Progress = (done: number, all: number) => void;

/** Does the work of a step, which may show how far it has come, and says what it has done. */
export type Step = <T>(
  doing: string,
  work: (progress: Progress) => Promise<T>,
  done: (result: T) => string,
) => Promise<T>;

export interface Move {
  /** All databases, the first one first: it has the directory. */
  shards: Shard[];
  tenantId: string;
  step: Step;
  /** How long writes that are under way may take (ms). */
  maxWait?: number | undefined;
  /** How long another run may take to let go of the tenant (ms). */
  lockTimeout?: number | undefined;
}

/** What each table has, by its name. */
type Digests = Map<string, Digest>;

/**
 * Moves a tenant, or goes on with moving it.
 * @param to the name of its new home
 * @throws Error of one line where it cannot be moved; nothing is lost then, and it is at home in one database at most
 */
export async function moveTenant({ shards, tenantId, step, maxWait, lockTimeout }: Move, to: string): Promise<void> {
  const target = shards.find(({ name }) => name === to);
  if (!target) throw new Error(`There is no database ${to}: there are ${shards.map(({ name }) => name).join(', ')}.`);
  await expectOwners(shards);
  const source = sourceOf(await placements(shards, tenantId), target, tenantId);
  // In one order always, so that no two runs wait for each other.
  const locked = shards.filter((shard) => shard === target || shard === source);
  for (const shard of locked) await lockTenant(shard, tenantId, lockTimeout);
  // Another run may have changed it until now.
  const placed = await placements(shards, tenantId);
  if (sourceOf(placed, target, tenantId) !== source) throw new Error('Another run has just moved it: start again.');
  if (source) {
    const way = { source, target, tenantId, tables: await expectSameTables(source, target), step };
    const before = placed.find(({ shard }) => shard === source)?.placement;
    if (before !== 'moved') {
      await readdress(placed, source, tenantId);
      await stopWrites(way, before === 'home', maxWait);
      await copy(way);
    }
    await handOver(way);
  }
  await settle({ shards, tenantId, step }, target);
}

/**
 * The database that a tenant is to leave; undefined where it has arrived already.
 * @throws Error of one line where there is none that it could leave
 */
function sourceOf(placed: Placed[], target: Shard, tenantId: string): Shard | undefined {
  const homes = placed.filter(({ placement }) => placement === 'home' || placement === 'moving');
  const [home] = homes;
  if (homes.length > 1) {
    throw new Error(`It is at home in ${homes.map(({ shard }) => shard.name).join(' and ')}, which must not be.`);
  }
  const elsewhere = placed.find(({ placement, shard }) => placement === 'arriving' && shard !== target);
  if (elsewhere) {
    const { name } = elsewhere.shard;
    throw new Error(`It is being moved to ${name}: end that first, by --to ${name} or by --undo.`);
  }
  if (home && home.shard !== target) return home.shard;
  if (home?.placement === 'moving')
    throw new Error(`It is being moved away from ${target.name}: --undo takes that back.`);
  if (home) return undefined;
  const isArriving = placed.some(({ placement, shard }) => placement === 'arriving' && shard === target);
  const left = placed.find(({ placement, moved_to }) => placement === 'moved' && moved_to === target.name);
  if (!left || !isArriving) throw new Error(`No database is the home of a tenant ${tenantId}.`);
  return left.shard;
}

/**
 * Has databases that the tenant has left say where it is now: one whose last run was killed may name another one. So the only
 * one that names the target, from here on, is the one that the tenant leaves for it.
 */
async function readdress(placed: Placed[], home: Shard, tenantId: string): Promise<void> {
  for (const { shard, placement } of placed) {
    if (placement === 'moved') await place(shard, tenantId, ['moved'], 'moved', home.name);
  }
}

interface Way {
  source: Shard;
  target: Shard;
  tenantId: string;
  /** Those of the target; the first is `tenants`. */
  tables: Table[];
  step: Step;
}

/** Has the source take no more writes of the tenant, and waits for those under way. */
async function stopWrites({ source, tenantId, step }: Way, isFirst: boolean, maxWait?: number): Promise<void> {
  await step(
    `Waiting for the writes under way in ${source.name}`,
    async () => {
      await place(source, tenantId, ['home', 'moving'], 'moving');
      try {
        await untilWritesEnded(source, maxWait);
      } catch (error) {
        // Nothing has been copied yet.
        if (isFirst) await place(source, tenantId, ['moving'], 'home');
        throw error;
      }
    },
    () => `${source.name} takes no more writes of the tenant, and goes on to be read`,
  );
}

/** Copies what is not there yet, and compares. */
async function copy({ source, target, tenantId, tables, step }: Way): Promise<void> {
  const wanted = await step(
    `Counting the rows in ${source.name}`,
    (progress) => digestsOf(source, tables, tenantId, progress),
    (digests) => `${source.name} has ${rowsOf(digests)} rows of it in ${digests.size} tables`,
  );
  const isSame = (found: Digests) => (table: Table) => isEqual(found.get(table.name), wanted.get(table.name));
  const missing = await step(
    `Looking into ${target.name}`,
    async (progress) => {
      await announceArrival({ source, target }, tables, tenantId);
      const found = await digestsOf(target, tables, tenantId, () => {});
      // What a run before this one has copied is kept, up to the first table that it has not ended.
      const first = tables.findIndex((table) => !isSame(found)(table));
      const rest = first < 0 ? [] : tables.slice(first);
      const removed = await removeAll(target, rest, tenantId, found, progress);
      return { rest, removed, kept: rowsOf(found) - removed };
    },
    ({ kept, removed }) => `${target.name} has ${kept} of them${removed > 0 ? `; ${removed} of before removed` : ''}`,
  );
  await step(
    `Copying to ${target.name}`,
    async (progress) => {
      let done = missing.kept;
      const all = rowsOf(wanted);
      progress(done, all);
      for (const table of missing.rest) {
        const { rows, bytes } = wanted.get(table.name) as Digest;
        if (rows === 0) continue;
        await copyRows({ source, target }, table, tenantId, bytes, (count) => {
          done += count;
          progress(done, all);
        });
      }
      await raiseSequences(target, tables, tenantId);
      return done;
    },
    (count) => `${count} rows are in ${target.name}`,
  );
  await step(
    'Comparing',
    async (progress) => {
      const found = await digestsOf(target, tables, tenantId, progress);
      const wrong = tables.filter((table) => !isSame(found)(table)).map(({ name }) => name);
      if (wrong.length > 0)
        throw new Error(`The copy of ${wrong.join(', ')} is not the same: --undo takes the move back.`);
      return found;
    },
    (digests) => `${digests.size} tables are the same in both, by count and checksum`,
  );
}

/** The tenant leaves the one database, and then it arrives in the other: in between it is at home in none. */
async function handOver({ source, target, tenantId, step }: Way): Promise<void> {
  await step(
    `Leaving ${source.name}`,
    () => place(source, tenantId, ['moving'], 'moved', target.name),
    () => `${source.name} says that the tenant has moved to ${target.name}`,
  );
  await step(
    `Arriving in ${target.name}`,
    () => place(target, tenantId, ['arriving'], 'home'),
    () => `${target.name} is its home`,
  );
}

/** Once the tenant has arrived: has the directory say so, and removes what is left of it elsewhere but its new address. */
async function settle({ shards, tenantId, step }: Move, target: Shard): Promise<void> {
  await step(
    'Writing the directory',
    () => writeDirectory(shards[0] as Shard, tenantId, target.name),
    () => `The directory says ${target.name}`,
  );
  const placed = await placements(shards, tenantId);
  await readdress(placed, target, tenantId);
  for (const { shard } of placed.filter(({ placement }) => placement === 'moved')) {
    await step(
      `Removing its rows from ${shard.name}`,
      async (progress) => {
        await untilReadsEnded(shard);
        return removeBelow(shard, tenantId, progress);
      },
      (count) => `${count} rows removed from ${shard.name}, which keeps where the tenant is`,
    );
  }
}

/** Deletes all rows of a tenant in one database but the one in `tenants`. @returns how many */
export async function removeBelow(shard: Shard, tenantId: string, progress: Progress): Promise<number> {
  const [, ...tables] = await inTransaction(shard.client, 'read', () => tenantTables(shard.client));
  return removeAll(shard, tables, tenantId, await digestsOf(shard, tables, tenantId, () => {}), progress);
}

/** Deletes the rows of these tables, those first that refer to others. @returns how many */
async function removeAll(
  { client }: Shard,
  tables: Table[],
  tenantId: string,
  found: Digests,
  progress: Progress,
): Promise<number> {
  const all = tables.reduce((sum, { name }) => sum + (found.get(name)?.rows ?? 0), 0);
  let done = 0;
  for (const table of tables.toReversed()) {
    await removeRows(client, table, tenantId, (count) => {
      done += count;
      progress(done, Math.max(done, all));
    });
  }
  return all;
}

async function digestsOf({ client }: Shard, tables: Table[], tenantId: string, progress: Progress): Promise<Digests> {
  const digests: Digests = new Map();
  for (const [n, table] of tables.entries()) {
    progress(n, tables.length);
    digests.set(table.name, await digestOf(client, table, tenantId));
  }
  return digests;
}

const rowsOf = (digests: Digests) => [...digests.values()].reduce((sum, { rows }) => sum + rows, 0);

const isEqual = (one: Digest | undefined, other: Digest | undefined) =>
  one !== undefined && one.rows === other?.rows && one.sum === other.sum;
