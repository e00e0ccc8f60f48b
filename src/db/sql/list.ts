import { type Expression, sql } from 'kysely';
import type { AnyQuery } from '../client/any-query.ts';
import type { Database } from '../client/database.ts';
import { fetchList, type ListRepresentation, type ListRepresentationQuery, type ReadOptions } from '../client/read.ts';
import { array, bare, type JsonItems, jsonObject, nested, plain } from './json.ts';
import { cursorContext, keysetPage, type Page, type PageRequest, type Position, type SortKey } from './keyset.ts';

/** What the caller of a list asks for, whichever list it is. */
export interface ListRequest {
  /** Which list it is: a cursor is bound to its name. */
  name: string;
  /** The id in the path of the list, where it has one. */
  owner?: string | undefined;
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
  /** The members of the items to show; all where it is undefined. */
  fields?: string[] | undefined;
}

/** How a list can be sorted: by member name. */
export type SortMembers = Record<string, Omit<SortKey, 'descending'>>;

/** The rows of a list, and how they are shown and sorted. */
export type List<T> = Pick<PageRequest<T>, 'rows' | 'table' | 'item' | 'id' | 'joinForSort' | 'joinForItem'> & {
  sorts: SortMembers;
  /** What the list is of, and whether that is there. Where it is not, the response is 404. */
  onlyIf?: { resource: string; isThere: Expression<boolean> };
  /** The rows that `count` counts, where `rows` are cut to the page already. */
  counted?: AnyQuery;
};

/** Reads one keyset page of a list with its `page` object, see {@link fetchList}. */
export function fetchPage<T>(
  db: Database,
  list: List<T>,
  request: ListRequest,
  { limitParameter = '?limit', ...options }: ReadOptions,
): Promise<ListRepresentation<Page<T>>> {
  const query = pageQuery(db, list, request, limitParameter);
  return fetchList(db, list.onlyIf?.resource ?? request.name, query, { ...options, limitParameter });
}

/** The query of {@link fetchPage}. */
export function pageQuery<T>(
  db: Database,
  { onlyIf, sorts, counted, ...list }: List<T>,
  { name, owner = '', limit, skip, after, count, filters, sort }: ListRequest,
  limitParameter: string,
): ListRepresentationQuery<Page<T>> {
  const keys = sortKeys(sorts, sort);
  const rest = cursorContext('', name, { owner, filters, sort: sortText(sort) });
  const context = sql<string>`concat(${db.scope}::text, ${rest}::text)`;
  const page = keysetPage(db.query, { ...list, keys, limit, after, skip, context, limitParameter });
  const json = {
    data: array(sql<JsonItems<T>>`page.items`),
    page: nested(
      jsonObject({
        limit: bare(sql<number>`${limit}::integer`),
        has_more: bare(sql<boolean>`page.has_more`),
        // It holds nothing that JSON escapes.
        next_cursor: plain(sql<string | null>`page.next_cursor`),
        ...(count ? { total: bare(sql<number>`(${(counted ?? list.rows).select(sql`count(*)`.as('total'))})`) } : {}),
      }),
    ),
  };
  const query = db.query
    .selectFrom(page.as('page'))
    .select([sql<null>`null::integer`.as('version'), jsonObject(json).as('body'), 'page.next_cursor']);
  return onlyIf ? query.where(onlyIf.isThere) : query;
}

/** The keys of a sort as the query string names it. */
export function sortKeys(sorts: SortMembers, sort: ListRequest['sort']): SortKey[] {
  return sort.map(({ member, descending }) => {
    const key = sorts[member];
    if (!key) throw new Error(`There is no sort by ${member}.`);
    return { ...key, descending };
  });
}

/** A sort order as the query string spells it: `-created_at,name`. */
export function sortText(sort: { member: string; descending: boolean }[]): string {
  return sort.map(({ member, descending }) => (descending ? `-${member}` : member)).join(',');
}
