import { type Expression, type Kysely, type OrderByItemBuilder, type RawBuilder, sql } from 'kysely';
import type { AnyQuery } from '../client/any-query.ts';
import type { JsonText } from '../client/read.ts';
import { itemsWithinLimit } from '../client/response-limit.ts';
import type { DB } from '../types.ts';
import { type JsonItems, jsonItems } from './json.ts';

/** One member of a sort order. */
export interface SortKey {
  expression: Expression<unknown>;
  /** The type to which a value from a cursor is cast. */
  type: 'timestamptz' | 'text' | 'integer' | 'date' | 'float8' | 'uuid';
  descending?: boolean;
  /** Null sorts last in both directions. */
  nullable?: boolean;
}

/** The sort values of the last row of a page as PostgreSQL's text, the id last. An empty list is the position before the first row. */
export type Position = (string | null)[];

/** A page: at most `limit` rows, and where the next one starts. */
export interface Page<T> {
  data: T[];
  page: { limit: number; has_more: boolean; next_cursor: string | null; total?: number };
}

/**
 * What a cursor is bound to. `filters` is the JSON of the filters' names and values, sorted by name, or empty; `sort` is
 * spelled as in the query string. The list's name stands for its path, and `owner` is the id in that path, if it has one.
 */
export function cursorContext(
  tenantId: string,
  list: string,
  { owner = '', filters = '', sort }: { owner?: string; filters?: string; sort: string },
): string {
  return [tenantId, list, owner, filters, sort].join('\n');
}

export interface PageRequest<T> {
  /** The filtered rows of one table, without select list or order. */
  rows: AnyQuery;
  /** That table. The rows of the page have its name as their alias, so that `item` can refer to its columns. */
  table: string;
  /** The JSON of one row. */
  item: RawBuilder<JsonText<T>>;
  keys: SortKey[];
  /** The last sort key, see {@link wholeOrder}. */
  id: Expression<string>;
  /** Joins further tables that the sort keys refer to. Runs for all rows. */
  joinForSort?: ((rows: AnyQuery) => AnyQuery) | undefined;
  /** Joins further tables that the item refers to. Runs for the rows of the page only. */
  joinForItem?: ((page: AnyQuery) => AnyQuery) | undefined;
  limit: number;
  after?: Position | undefined;
  skip?: number | undefined;
  /** See {@link cursorContext}. */
  context: Expression<string>;
  /** The parameter to lower where the page would exceed what a response may have. */
  limitParameter?: string | undefined;
}

/**
 * One keyset page of a filtered query. Rows that are inserted or deleted meanwhile never make another
 * row appear twice or go missing, because a page starts after values and not after a count. The JSON is built
 * for the rows of the page alone, whatever the sort.
 * @returns a query of exactly one row: `items` (the text of those of a JSON array), `has_more`, `next_cursor`
 */
export function keysetPage<T>(
  db: Kysely<DB>,
  {
    rows,
    table,
    item,
    keys,
    id,
    joinForSort = same,
    joinForItem = same,
    limit,
    after,
    skip,
    context,
    limitParameter,
  }: PageRequest<T>,
) {
  const order = wholeOrder(keys, id);
  // As they are: only those of the last row are in the cursor, as text.
  const sortColumn = (n: number) => `sort_${n}`;
  // One row more than the page has tells whether there is another page.
  let window = rowsAfter(
    joinForSort(rows)
      .selectAll(table)
      .select(order.map(({ expression }, n) => sql`${expression}`.as(sortColumn(n))))
      .limit(sql<number>`${limit}::integer + 1`),
    order,
    after,
  );
  if (skip) window = window.offset(skip);
  const end = sql.join(order.map((_, n) => sql`${sql.ref(sortColumn(n))}::text`));
  const shown = sql`(select * from sorted limit ${limit})`.as(table) as never;
  const items = joinForItem(db.selectFrom(shown) as AnyQuery).select(item.as('item'));
  return sql<{ items: JsonItems<T> | null; has_more: boolean; next_cursor: string | null }>`(
    with sorted as materialized (${window})
    select
      ${jsonItems(itemsWithinLimit(items, limitParameter))} as items,
      counted.n > ${limit}::integer as has_more,
      case when counted.n > ${limit}::integer
        then (
          select make_cursor(${context}, json_build_array(${end}))
          from (select * from sorted offset ${limit}::integer - 1 limit 1) as last)
      end as next_cursor
    from (select count(*) as n from sorted) as counted
  )`;
}

/** The keys of a sort, and the id, which breaks ties. It has the direction of the first one. */
export function wholeOrder(keys: SortKey[], id: Expression<string>): SortKey[] {
  return [...keys, { expression: id, type: 'uuid', descending: keys[0]?.descending ?? false }];
}

/** Rows in an order, from after a position on. */
export function rowsAfter(rows: AnyQuery, order: SortKey[], after: Position | undefined): AnyQuery {
  let sorted = after?.length ? rows.where(isAfter(order, after)) : rows;
  for (const { expression, descending, nullable } of order) {
    sorted = sorted.orderBy(expression, (by: OrderByItemBuilder) => {
      const direction = descending ? by.desc() : by.asc();
      return nullable ? direction.nullsLast() : direction;
    });
  }
  return sorted;
}

function same(rows: AnyQuery): AnyQuery {
  return rows;
}

/** The predicate "comes after this position in this order". */
export function isAfter(order: SortKey[], position: Position): RawBuilder<boolean> {
  const value = (i: number) => sql`cast(${position[i]} as ${sql.raw(order[i]?.type ?? 'text')})`;
  const direction = (key: SortKey) => sql.raw(key.descending ? '<' : '>');
  const [first] = order;
  if (first && order.every((key) => !key.nullable && Boolean(key.descending) === Boolean(first.descending))) {
    // A row comparison is one range of an index.
    return sql<boolean>`(${sql.join(order.map((key) => key.expression))}) ${direction(first)} (${sql.join(order.map((_, i) => value(i)))})`;
  }
  const afterFrom = (i: number): RawBuilder<boolean> => {
    const key = order[i];
    if (!key) return sql<boolean>`false`;
    const { expression } = key;
    if (position[i] === null) return sql<boolean>`(${expression} is null and ${afterFrom(i + 1)})`;
    const beyond = sql`${expression} ${direction(key)} ${value(i)}`;
    const tied = sql`(${expression} = ${value(i)} and ${afterFrom(i + 1)})`;
    return key.nullable
      ? sql<boolean>`(${beyond} or ${expression} is null or ${tied})`
      : sql<boolean>`(${beyond} or ${tied})`;
  };
  return afterFrom(0);
}
