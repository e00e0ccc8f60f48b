import type { ClientBase } from 'pg';
import type { Table } from './catalogue.ts';
import { inTransaction, only, type Shard } from './session.ts';

/*
 * A tenant's rows of one table: compared, copied, removed.
 *
 * A row travels as the text that PostgreSQL writes for it and reads again (`row(…)::text`), which has every type as pg_dump
 * has it, null apart from empty. No row is parsed here.
 */

/** How many rows of a table there are, and what they add up to. */
export interface Digest {
  rows: number;
  /** The sum of a hash of each row: the same in whatever order they come. */
  sum: string;
  /** Of the largest row. */
  bytes: number;
}

/** The most rows of one batch, and about the most bytes: a batch is one transaction, and stands in memory whole. */
const MAX_ROWS = 1000;
const MAX_BYTES = 4 * 1024 * 1024;

/** Rows that one transaction deletes. What refers to them is gone before; the cascades only look for it. */
const DELETED_ROWS = 2000;

/**
 * A row, as text. What PostgreSQL computes is left empty. A transaction of one cluster means nothing in another, where the
 * same number may be about to be given out: it becomes 0, which is before all of them.
 */
function rowText({ columns }: Table, alias: string): string {
  const values = columns.map(({ name, type, isGenerated }) => {
    const value = `${alias}.${name}`;
    if (isGenerated) return 'null';
    return type === 'xid8' ? `case when ${value} is not null then '0'::xid8 end` : value;
  });
  return `row(${values.join(', ')})::text`;
}

/** Of `tenants`, the columns that say what this database has to do with the tenant are no part of what is moved. */
export function movedPart(table: Table): Table {
  if (table.tenant !== 'id') return table;
  return { ...table, columns: table.columns.filter(({ name }) => name !== 'placement' && name !== 'moved_to') };
}

export async function digestOf(client: ClientBase, table: Table, tenantId: string): Promise<Digest> {
  return inTransaction(client, 'read', async () => {
    const { rows, sum, bytes } = await only<{ rows: string; sum: string; bytes: number }>(
      client,
      `select count(*)::text as rows, coalesce(max(octet_length(row)), 0) as bytes,
         coalesce(sum(('x' || encode(substr(sha256(convert_to(row, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 0)::text as sum
       from (select ${rowText(movedPart(table), 't')} as row from ${table.name} as t where t.${table.tenant} = $1) as rows`,
      [tenantId],
    );
    return { rows: Number(rows), sum, bytes };
  });
}

const of = (alias: string, columns: string[]) => columns.map((column) => `${alias}.${column}`);
const same = (left: string[], right: string[]) => left.map((column, n) => `${column} = ${right[n]}`).join(' and ');

/**
 * A query of a tenant's rows, each after the one that it refers to.
 * @throws Error of one line where a table refers to itself in more than one way
 */
function rowsInOrder(table: Table): string {
  const { name, selfReferences } = table;
  const rows = `select ${rowText(table, 't')} as row from ${name} as t`;
  const [reference, ...others] = selfReferences;
  if (!reference) return `${rows} where t.tenant_id = $1`;
  if (others.length > 0) throw new Error(`${name} refers to itself in two ways: this command cannot copy it yet.`);
  const { from, to } = reference;
  return `
    with recursive tree as (
      select ${to.join(', ')}, 0 as level from ${name}
      where tenant_id = $1 and (${from.map((column) => `${column} is null`).join(' or ')})
      union all
      select ${of('t', to).join(', ')}, tree.level + 1
      from tree join ${name} as t on ${same(of('t', from), of('tree', to))} where t.tenant_id = $1
    )
    ${rows} join tree on ${same(of('t', to), of('tree', to))}
    where t.tenant_id = $1 order by tree.level`;
}

/**
 * Copies a tenant's rows of one table into another database, which has none of them, in batches that commit: a long transaction
 * would hold up everybody there who asks what has changed.
 * @param bytes of the largest row
 * @param onRows told how many more are there, after each batch
 */
export async function copyRows(
  { source, target }: { source: Shard; target: Shard },
  table: Table,
  tenantId: string,
  bytes: number,
  onRows: (count: number) => void,
): Promise<void> {
  const [from, to] = [source.client, target.client];
  const size = Math.max(1, Math.min(MAX_ROWS, Math.floor(MAX_BYTES / Math.max(bytes, 1))));
  const names = table.columns.filter(({ isGenerated }) => !isGenerated).map(({ name }) => name);
  const insert = `
    with incoming as materialized (select line::${table.name} as row from unnest($1::text[]) as line)
    insert into ${table.name} (${names.join(', ')}) overriding system value
    select ${names.map((name) => `(row).${name}`).join(', ')} from incoming`;
  await inTransaction(from, 'read', async () => {
    await from.query(`declare rows_to_move no scroll cursor for ${rowsInOrder(table)}`, [tenantId]);
    const next = async () => {
      const { rows } = await from.query<{ row: string }>(`fetch forward ${size} from rows_to_move`);
      return rows.map(({ row }) => row);
    };
    for (let batch = await next(); batch.length > 0; ) {
      const sending = inTransaction(to, 'copy', async () => {
        await expectArriving(to, tenantId);
        await to.query(insert, [batch]);
      });
      const [following] = await Promise.all([next(), sending]);
      onRows(batch.length);
      batch = following;
    }
  });
}

/** @throws Error where the tenant's copy is not being made here any more */
async function expectArriving(client: ClientBase, tenantId: string): Promise<void> {
  const { rowCount } = await client.query(
    `select from tenants where id = $1 and placement = 'arriving' for key share`,
    [tenantId],
  );
  if (rowCount === 0) throw new Error('The tenant is not being copied any more: somebody else has ended this move.');
}

/**
 * Deletes a tenant's rows of one table, in batches that commit. Of a tree the leaves come first: a row takes all below it along,
 * which can be many.
 * @param onRows told how many more are gone, after each batch
 */
export async function removeRows(
  client: ClientBase,
  { name, tenant, selfReferences }: Table,
  tenantId: string,
  onRows: (count: number) => void,
): Promise<void> {
  const leaves = selfReferences.map(
    ({ from, to }) => `and not exists (
      select from ${name} as below where ${same(of('below', from), of('t', to))} and below.${tenant} = $1)`,
  );
  while (true) {
    const count = await inTransaction(client, 'copy', async () => {
      const { rowCount } = await client.query(
        `delete from ${name} where ${tenant} = $1 and ctid = any (array(
           select t.ctid from ${name} as t where t.${tenant} = $1 ${leaves.join(' ')} limit ${DELETED_ROWS}))`,
        [tenantId],
      );
      return rowCount ?? 0;
    });
    if (count === 0) return;
    onRows(count);
  }
}

/**
 * Has the sequences of these tables go on above the numbers that have come in with a tenant. What others draw from one
 * meanwhile lies in the gap.
 */
export async function raiseSequences({ client }: Shard, tables: Table[], tenantId: string): Promise<void> {
  for (const { name, tenant, columns } of tables) {
    for (const { name: column, sequence } of columns) {
      if (sequence === null) continue;
      await inTransaction(client, 'write', () =>
        client.query(
          `select setval($2::text::regclass, greatest(max, nextval($2::text::regclass)) + 1000)
           from (select max(${column}) as max from ${name} where ${tenant} = $1) as rows
           where max >= (select last_value from ${sequence})`,
          [tenantId, sequence],
        ),
      );
    }
  }
}
