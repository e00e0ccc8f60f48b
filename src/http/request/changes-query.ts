import * as z from 'zod';
import type { Database } from '../../db/client/database.ts';
import { type ChangesRequest, CURSOR_LENGTH, changePosition, changesContext } from '../../db/sql/change-position.ts';
import { cursorParameter, invalidCursor, limit, openCursor } from './list-query.ts';
import { csv } from './parameters.ts';
import { changeType } from './schemas.ts';

/** The query parameters of the changes: a list without sort, whose cursor goes on where it ends. */
export const changesQuery = z.strictObject({
  limit,
  cursor: cursorParameter(
    'What has been read: `page.next_cursor` of the page before; without, all that exists comes first. With `now`, nothing of that: the page is empty, and its cursor is for what changes from now on.',
  ),
  type: csv(changeType.options)
    .optional()
    .meta({ description: 'Only changes of resources of these types. A cursor is bound to them.' }),
});

/**
 * Reads the cursor.
 * @throws Problem `invalid_cursor` for a cursor that is damaged or was made for another tenant or filter
 */
export async function changesRequest(
  db: Database,
  { limit, cursor, type: types }: z.output<typeof changesQuery>,
): Promise<ChangesRequest> {
  if (cursor === undefined) return { limit, types, from: 'begin' };
  if (cursor === 'now') return { limit, types, from: 'now' };
  const from = changePosition(await openCursor(cursor, changesContext(db.scope, types), CURSOR_LENGTH));
  if (!from) throw invalidCursor();
  return { limit, types, from };
}
