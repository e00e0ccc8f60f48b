import { setTimeout as sleep } from 'node:timers/promises';
import type { Table } from './catalogue.ts';
import { movedPart } from './rows.ts';
import { inTransaction, only, type Shard } from './session.ts';

/*
 * What each database has to do with a tenant (`tenants.placement`), and the steps from one to the next. At no time is a tenant
 * at home in two databases: it leaves the one before it arrives in the other.
 */

/** What a database says of a tenant that it has a row of. */
export interface Placed {
  shard: Shard;
  placement: 'home' | 'pending' | 'arriving' | 'moving' | 'moved';
  moved_to: string | null;
}

/** How long writes that are under way are waited for (ms). A request is given up after 20 s. */
const MAX_WAIT_MS = 45_000;
/** The longest that a batch may take (ms): `transaction_timeout` in set_tenant_context(), and a little. */
const MAX_READ_MS = 22_000;
const POLL_MS = 50;

export async function placements(shards: Shard[], tenantId: string): Promise<Placed[]> {
  const found = await Promise.all(
    shards.map(async (shard) => {
      const { rows } = await inTransaction(shard.client, 'read', () =>
        shard.client.query('select placement, moved_to from tenants where id = $1', [tenantId]),
      );
      return rows.map((row) => ({ shard, ...row }) as Placed);
    }),
  );
  return found.flat();
}

/**
 * Places a tenant otherwise, unless it is placed so already.
 * @param before where it has to be until now
 * @throws Error of one line where it is not
 */
export async function place(
  { name, client }: Shard,
  tenantId: string,
  before: Placed['placement'][],
  after: Placed['placement'],
  movedTo: string | null = null,
): Promise<void> {
  await inTransaction(client, 'write', async () => {
    const { rows } = await client.query<Pick<Placed, 'placement' | 'moved_to'>>(
      'select placement, moved_to from tenants where id = $1 for no key update',
      [tenantId],
    );
    const [now] = rows;
    if (now?.placement === after && now.moved_to === movedTo) return;
    if (!now || !before.includes(now.placement)) {
      throw new Error(`${name} has the tenant as ${now?.placement ?? 'unknown'}, and not as ${before.join(' or ')}.`);
    }
    await client.query('update tenants set placement = $2, moved_to = $3 where id = $1', [tenantId, after, movedTo]);
  });
}

/**
 * Waits until every transaction has ended that may still write, because it read where the tenant is before this was called:
 * each had its id before it read that, so its id is below the one that is given out here.
 * @param maxWait for how long (ms)
 * @throws Error of one line where one does not end
 */
export async function untilWritesEnded({ name, client }: Shard, maxWait = MAX_WAIT_MS): Promise<void> {
  const { xid } = await only<{ xid: string }>(client, 'select pg_current_xact_id()::text as xid');
  const deadline = Date.now() + maxWait;
  while (true) {
    const { ended, pids } = await only<{ ended: boolean; pids: string | null }>(
      client,
      `select pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 as ended,
         (select string_agg(pid::text, ', ') from pg_stat_activity
          where backend_xid is not null and age(backend_xid) >= age($1::xid8::xid)) as pids`,
      [xid],
    );
    if (ended) return;
    if (Date.now() > deadline) {
      throw new Error(
        `In ${name} a transaction has been writing for ${maxWait / 1000} s (pid ${pids ?? 'not shown to this role'}).`,
      );
    }
    await sleep(POLL_MS);
  }
}

/**
 * Waits until every transaction has ended that may still read, because it found the tenant here before this was called; at most
 * for as long as a batch may take.
 */
export async function untilReadsEnded({ client }: Shard): Promise<void> {
  // Each transaction holds a lock on its own virtual id (PostgreSQL manual, pg_locks), whoever it is.
  const running = `select virtualtransaction as id from pg_locks
    where locktype = 'virtualxid' and granted and pid <> pg_backend_pid()`;
  const { ids } = await only<{ ids: string[] }>(client, `select array(${running}) as ids`);
  const deadline = Date.now() + MAX_READ_MS;
  while (Date.now() < deadline) {
    const { count } = await only<{ count: number }>(
      client,
      `select count(*)::integer as count from (${running}) as now where id = any ($1)`,
      [ids],
    );
    if (count === 0) return;
    await sleep(POLL_MS);
  }
}

/**
 * Writes the tenant's own row into the database that it is to be copied into, as `arriving`.
 * @param tables those of the target, of which the first is `tenants`
 * @throws Error of one line where it is at home there
 */
export async function announceArrival(
  { source, target }: { source: Shard; target: Shard },
  [tenants]: Table[],
  tenantId: string,
): Promise<void> {
  const columns = movedPart(tenants as Table).columns.filter(({ isGenerated }) => !isGenerated);
  const names = columns.map(({ name }) => name);
  const { rows } = await inTransaction(source.client, 'read', () =>
    source.client.query<string[]>({
      text: `select ${names.map((name) => `${name}::text`).join(', ')} from tenants where id = $1`,
      values: [tenantId],
      rowMode: 'array',
    }),
  );
  await inTransaction(target.client, 'copy', async () => {
    const { rowCount } = await target.client.query(
      `insert into tenants (${names.join(', ')}, placement)
       values (${columns.map(({ type }, n) => `$${n + 1}::text::${type}`).join(', ')}, 'arriving')
       on conflict (id) do update
       set (${names.join(', ')}, placement, moved_to) = (${names.map((name) => `excluded.${name}`).join(', ')}, 'arriving', null)
       where tenants.placement in ('arriving', 'pending', 'moved')`,
      rows[0],
    );
    if (rowCount !== 1) throw new Error(`${target.name} is the tenant's home already.`);
  });
}

/** Deletes the tenant's own row where it was `arriving`, and nothing is left below it. */
export async function forgetCopy({ client }: Shard, tenantId: string): Promise<void> {
  await inTransaction(client, 'copy', () =>
    client.query(`delete from tenants where id = $1 and placement = 'arriving'`, [tenantId]),
  );
}

/**
 * Writes into the directory where a tenant is at home.
 * @param first the first database, which has the directory
 */
export async function writeDirectory(first: Shard, tenantId: string, shard: string): Promise<void> {
  await inTransaction(first.client, 'write', () =>
    first.client.query(
      `insert into tenant_directory (id, shard) values ($1, $2) on conflict (id) do update set shard = excluded.shard`,
      [tenantId, shard],
    ),
  );
}
