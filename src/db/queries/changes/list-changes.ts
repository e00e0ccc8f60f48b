import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { blameCursor, type JsonText, orNotFound, pageUnlessKnown, type ReadOptions } from '../../client/read.ts';
import type { Rejection } from '../../client/rejections.ts';
import { itemsWithinLimit } from '../../client/response-limit.ts';
import { CHANGE_TYPES, type ChangesRequest, changesContext, isKept } from '../../sql/change-position.ts';
import { array, bare, type JsonItems, jsonItems, jsonObject, nested, plain } from '../../sql/json.ts';
import type { Page } from '../../sql/keyset.ts';
import { callQueryFunction, type QueryFunction } from '../../sql/query-function.ts';
import { type ChangeJson, type ChangePage, type ChangePageRequest, changeItems } from './changed-resources.ts';
import { logPage } from './log-page.ts';
import { walkPage } from './walk-page.ts';

/** A page of changes: it has a cursor even where there is nothing more yet. */
export type PageOfChanges = Page<ChangeJson> & { page: { next_cursor: string } };

const LIMIT_PARAMETER = '?limit';

const GONE: Rejection = {
  code: 'gone',
  detail: 'What came after this cursor is not kept any longer: start again without a cursor.',
  errors: [{ pointer: '?cursor', code: 'expired', message: 'is older than what is kept' }],
};

type Found = { etag: string; body: JsonText<PageOfChanges> | null; nextCursor: string | null };
type Parameters = {
  page_limit: 'integer';
  types: 'text[]';
  cluster: 'text';
  since: 'text';
  xid: 'text';
  entry: 'text';
  above: 'text';
  unit: 'text';
  cursor_context: 'text';
  if_none_match: 'text[]';
};

/** A page of changes, kept as a function: a poll is asked often, and planning it takes longer than running it. */
function changesFunction(
  name: 'changes_after' | 'changes_from_begin',
  pageOf: (db: Database, request: ChangePageRequest) => ChangePage,
): QueryFunction<Parameters, Found> {
  return {
    name,
    parameters: {
      page_limit: 'integer',
      types: 'text[]',
      cluster: 'text',
      since: 'text',
      xid: 'text',
      entry: 'text',
      above: 'text',
      unit: 'text',
      cursor_context: 'text',
      if_none_match: 'text[]',
    },
    columns: ['etag', 'body', 'nextCursor'],
    query: (db, { cursor_context, if_none_match, ...request }) => {
      const { ctes, shown, hasMore, next } = pageOf(db, request);
      const { page_limit, cluster, since, xid, entry } = request;
      const made = sql<{ items: JsonItems<ChangeJson>; has_more: boolean; next_cursor: string; is_kept: boolean }>`(
        with ${ctes}
        select ${jsonItems(itemsWithinLimit(changeItems(db, shown), LIMIT_PARAMETER))} as items,
          ${hasMore} as has_more, make_cursor(${cursor_context}::text, ${next}) as next_cursor,
          ${xid}::text is null or ${isKept(db, { cluster, since, xid, entry })} as is_kept)`;
      const body = jsonObject({
        data: array(sql<JsonItems<ChangeJson>>`page.items`),
        page: nested(
          jsonObject({
            limit: bare(sql<number>`${page_limit}::integer`),
            has_more: bare(sql<boolean>`page.has_more`),
            next_cursor: plain(sql<string>`page.next_cursor`),
          }),
        ),
      });
      const query = db.query.selectFrom(made.as('page')).select([
        sql<null>`null::integer`.as('version'),
        sql<JsonText<PageOfChanges>>`case when page.is_kept then ${body}
          else raise_unless(false, ${JSON.stringify(GONE)}::json)::text end`.as('body'),
        // For the `Link` header.
        sql<string | null>`case when page.has_more then page.next_cursor end`.as('next_cursor'),
      ]);
      return pageUnlessKnown<PageOfChanges>(db, query, LIMIT_PARAMETER, if_none_match);
    },
  };
}

export const changesAfterFunction = changesFunction('changes_after', logPage);
export const changesFromBeginFunction = changesFunction('changes_from_begin', walkPage);

const NO_POSITION = { cluster: null, since: null, xid: null, entry: null, above: null, unit: null };

/**
 * Reads one page of what has changed in the tenant, in one round trip.
 * @throws DatabaseError `rejected` with `gone` where what came after the position is not kept, `invalid_cursor` where it is none
 */
export async function listChanges(
  db: Database,
  { limit, types, from }: ChangesRequest,
  { ifNoneMatch = [] }: ReadOptions,
): Promise<Found> {
  const { kind, ...position } = typeof from === 'string' ? { kind: 'walk', ...NO_POSITION } : from;
  const values = {
    page_limit: limit,
    // From now on there is nothing to walk through.
    types: from === 'now' ? [] : [...(types ?? CHANGE_TYPES)],
    ...position,
    cursor_context: changesContext(db.tenantId, types),
    if_none_match: ifNoneMatch,
  };
  const kept = kind === 'log' ? changesAfterFunction : changesFromBeginFunction;
  return orNotFound('changes', await callQueryFunction(db, kept, values).catch(blameCursor));
}
