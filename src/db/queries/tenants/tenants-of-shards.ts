import { type Selectable, sql } from 'kysely';
import type { AnyQuery } from '../../client/any-query.ts';
import type { Database } from '../../client/database.ts';
import { DatabaseError } from '../../client/errors.ts';
import { blameCursor } from '../../client/read.ts';
import { mapConcurrently } from '../../shards/map-concurrently.ts';
import { rowsAfter, wholeOrder } from '../../sql/keyset.ts';
import { type ListRequest, type SortMembers, sortKeys } from '../../sql/list.ts';
import { tenantMembers } from '../../sql/representations.ts';
import type { DB } from '../../types.ts';

/** Rows that are gathered for one page at most: skipped ones have to be, from every database. */
const MAX_ROWS = 100_000;

/** Of one that is moved there is a moment at which the old home has given it up, and the new one has not taken it. */
const isSomewhere = sql<boolean>`placement in ('home', 'moving', 'arriving')`;

type TenantRow = Pick<Selectable<DB['tenants']>, 'id' | 'name' | 'status'> & { created_at: string; updated_at: string };

/**
 * The tenants of all databases among which a page is: from each, as many as the page may have.
 * @returns the rows as a query of the first database, and another that has as many rows as there are tenants, where these are to
 *   be counted
 * @throws DatabaseError where one of the databases cannot be asked; `rejected` with `unprocessable` where too many are skipped
 */
export async function gatherTenants(
  db: Database,
  sorts: SortMembers,
  { sort, after, limit, skip = 0, count }: ListRequest,
): Promise<{ rows: AnyQuery; counted: AnyQuery }> {
  const names = [...(db.shards?.databases.keys() ?? [])];
  if (skip * names.length > MAX_ROWS) throw tooManySkipped();
  const order = wholeOrder(sortKeys(sorts, sort), tenantMembers.id.value);
  const parts = await mapConcurrently(names, async (name) => {
    const { query } = db.at(name);
    const shown = query.selectFrom('tenants').where(isSomewhere);
    const part = rowsAfter(shown as AnyQuery, order, after)
      .select(['id', 'name', 'status', sql`created_at::text`.as('created_at'), sql`updated_at::text`.as('updated_at')])
      .limit(sql<number>`${skip + limit + 1}::integer`);
    const atHome = shown.where('placement', '=', 'home').select(sql`count(*)`.as('count'));
    const underWay = shown.where('placement', '<>', 'home').select(sql`coalesce(json_agg(id), '[]')`.as('ids'));
    return query
      .selectFrom(part.as('part'))
      .select([
        sql<TenantRow[]>`coalesce(json_agg(part), '[]')`.as('rows'),
        sql<number>`${count ? sql`(${atHome})` : sql`0`}::integer`.as('atHome'),
        sql<string[]>`${count ? sql`(${underWay})` : sql`'[]'::json`}`.as('underWay'),
      ])
      .executeTakeFirstOrThrow()
      .catch(blameCursor);
  });
  // One that is moved is in two of them, and the same in both: nothing of it is written meanwhile.
  const tenants = new Map(parts.flatMap(({ rows }) => rows).map((row) => [row.id, row]));
  const total =
    parts.reduce((sum, { atHome }) => sum + atHome, 0) + new Set(parts.flatMap(({ underWay }) => underWay)).size;
  const columns = sql.raw(`tenants (
    id uuid, name text collate "und-x-icu", status text, created_at timestamptz(3), updated_at timestamptz(3))`);
  return {
    rows: db.query.selectFrom(
      sql`json_to_recordset(${JSON.stringify([...tenants.values()])}::json) as ${columns}` as never,
    ),
    counted: db.query.selectFrom(sql`generate_series(1, ${total}::integer)`.as('n')) as AnyQuery,
  };
}

function tooManySkipped(): DatabaseError {
  const message = `must be lower where tenants are in several databases, or a cursor in its place`;
  return new DatabaseError({
    kind: 'rejected',
    code: 'unprocessable',
    detail: `?skip: ${message}`,
    errors: [{ pointer: '?skip', code: 'too_large', message }],
  });
}
