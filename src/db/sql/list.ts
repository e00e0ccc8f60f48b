import { type Expression, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import type { ListRepresentationQuery } from '../client/read.ts';
import { cursorContext, keysetPage, type Page, type PageRequest, type Position, type SortKey } from './keyset.ts';

/** What the caller of a list asks for, whichever list it is. */
export interface ListRequest {
  limit: number;
  skip?: number | undefined;
  /** Where the page starts, out of a cursor that has been checked. */
  after?: Position | undefined;
  /** Adds `page.total`. */
  count?: boolean | undefined;
  /** The sort as spelled in the query string, with its members. */
  sort: { member: string; descending: boolean }[];
  /** The filters as canonical text; a cursor is bound to it. */
  filters: string;
  /** The parameter to lower where the page would exceed what a response may have. */
  limitParameter?: string | undefined;
}

/** How a list can be sorted: by member name. */
export type SortMembers = Record<string, Omit<SortKey, 'descending'>>;

/** A list: its name (which a cursor is bound to), its rows and how they are shown and sorted. */
export type List<T> = Pick<PageRequest<T>, 'rows' | 'table' | 'item' | 'id' | 'joinForSort' | 'joinForItem'> & {
  name: string;
  /** The id in the path of the list, where it has one. */
  owner?: string;
  /** Whether the list exists. Where it does not, the query has no row. */
  onlyIf?: Expression<boolean>;
  sorts: SortMembers;
};

/** The query of the body of a list: one keyset page with its `page` object. */
export function listPage<T>(
  db: Database,
  { name, owner = '', onlyIf, sorts, ...list }: List<T>,
  { limit, skip, after, count, filters, sort, limitParameter = '?limit' }: ListRequest,
): ListRepresentationQuery<Page<T>> {
  const keys = sort.map(({ member, descending }) => {
    const key = sorts[member];
    if (!key) throw new Error(`no sort by ${member}`);
    return { ...key, descending };
  });
  const context = sql<string>`${cursorContext(db.scope, name, { owner, filters, sort: sortText(sort) })}::text`;
  const page = keysetPage(db.query, { ...list, keys, limit, after, skip, context, limitParameter });
  const total = count ? sql`, 'total', (${list.rows.select(sql`count(*)`.as('total'))})` : sql``;
  const source = db.query.selectFrom(page.as('page')).select([
    sql<null>`null::integer`.as('version'),
    sql<Page<T>>`json_build_object('data', data, 'page', json_build_object(
      'limit', ${limit}::integer, 'has_more', has_more, 'next_cursor', next_cursor${total}))`.as('body'),
    'page.next_cursor',
  ]);
  return onlyIf ? source.where(onlyIf) : source;
}

/** A sort order as the query string spells it: `-created_at,name`. */
export function sortText(sort: { member: string; descending: boolean }[]): string {
  return sort.map(({ member, descending }) => (descending ? `-${member}` : member)).join(',');
}

/** Only the members that are asked for, in the order of the representation. */
export function pick<M extends Record<string, Expression<unknown>>>(members: M, fields: string[] | undefined): M {
  if (!fields) return members;
  return Object.fromEntries(Object.entries(members).filter(([name]) => fields.includes(name))) as M;
}
