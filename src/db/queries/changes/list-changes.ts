import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { Rejection } from '../../client/errors.ts';
import { fetchList, type JsonText, type ListRepresentation, type ReadOptions } from '../../client/read.ts';
import { itemsWithinLimit } from '../../client/response-limit.ts';
import { CHANGE_TYPES, type ChangesRequest, changesContext, isKept } from '../../sql/change-position.ts';
import { array, bare, type JsonItems, jsonItems, jsonObject, nested, plain } from '../../sql/json.ts';
import type { Page } from '../../sql/keyset.ts';
import { type ChangeJson, changeItems } from './changed-resources.ts';
import { logPage } from './log-page.ts';
import { walkPage } from './walk-page.ts';

/** A page of changes: it has a cursor even where there is nothing more yet. */
export type PageOfChanges = Page<ChangeJson> & { page: { next_cursor: string } };

const GONE: Rejection = {
  code: 'gone',
  detail: 'What came after this cursor is not kept any longer: start again without a cursor.',
  errors: [{ pointer: '?cursor', code: 'expired', message: 'is older than what is kept' }],
};

/**
 * Reads one page of what has changed in the tenant, in one round trip.
 * @throws DatabaseError `rejected` with `gone` where what came after the position is not kept, `invalid_cursor` where it is none
 */
export function listChanges(
  db: Database,
  { limit, types, from }: ChangesRequest,
  options: ReadOptions,
): Promise<ListRepresentation<PageOfChanges>> {
  const limitParameter = '?limit';
  // From now on there is nothing to walk through.
  const shown = from === 'now' ? [] : (types ?? CHANGE_TYPES);
  const position = from === 'now' || from === 'begin' ? undefined : from;
  const request = { types: shown, limit };
  const { ctes, ...page } = position?.kind === 'log' ? logPage(db, request, position) : walkPage(db, request, position);
  const context = sql`concat(${db.scope}::text, ${changesContext('', types)}::text)`;
  const made = sql<{ items: JsonItems<ChangeJson>; has_more: boolean; next_cursor: string; is_kept: boolean }>`(
    with ${ctes}
    select ${jsonItems(itemsWithinLimit(changeItems(db, shown, page.shown), limitParameter))} as items,
      ${page.hasMore} as has_more, make_cursor(${context}, ${page.next}) as next_cursor,
      ${position ? isKept(db, position) : sql`true`} as is_kept)`;
  const body = jsonObject({
    data: array(sql<JsonItems<ChangeJson>>`page.items`),
    page: nested(
      jsonObject({
        limit: bare(sql<number>`${limit}::integer`),
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
  return fetchList(db, 'changes', query, { ...options, limitParameter });
}
