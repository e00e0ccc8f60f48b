import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { sqlState, TOO_MANY_ROWS } from '../../client/errors.ts';
import { type WriteOptions, type WriteResult, writeNothing } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { conflictUnless } from '../../sql/raise-unless.ts';

/** How many rows one batch takes the person out of, so that it takes a second or two. */
const ROWS_PER_BATCH = 1000;

/**
 * Deletes a deactivated member for good, with all that tells who it was. Rejects with `conflict` where the member is active.
 *
 * In one batch, or in several where one would take too long. Each of several is a transaction of its own: if the request
 * runs out of time, what is erased stays erased, and the same request can be sent again to go on. An idempotency key is
 * claimed in the last batch.
 */
export async function purgeMember(db: Database, id: string, options: WriteOptions): Promise<WriteResult<never>> {
  const isDeactivated = conflictUnless(
    db,
    sql<boolean>`(select status = 'deactivated' from members where tenant_id = ${db.tenantId} and id = ${id})`,
    'Only a deactivated member can be purged.',
  );
  const isThere = lockRow(db, 'member', id, { ...options, strength: 'none' });
  const erase = sql<boolean>`(
    erase_person(${id}, ${ROWS_PER_BATCH}) and erase_person_from_deliveries(${id}, ${ROWS_PER_BATCH}))`;
  const eraseFew = db.query.selectNoFrom(sql`split_unless(${erase})`.as('erased'));
  const last = [
    isThere,
    isDeactivated,
    eraseFew,
    // Last, as others lock members after tasks. Who has mentioned or assigned the member meanwhile, or writes in that name,
    // is waited for, and then erased.
    lockRow(db, 'member', id, { ...options, strength: 'update' }),
    isDeactivated,
    eraseFew,
    db.query.deleteFrom('members').where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ];
  for (;;) {
    try {
      return await writeNothing(db, options, last, [TOO_MANY_ROWS]);
    } catch (error) {
      if (sqlState(error) !== TOO_MANY_ROWS) throw error;
    }
    const eraseSome = async () => {
      const [row] = await db.write([isThere, isDeactivated, db.query.selectNoFrom(erase.as('done'))]);
      return row?.done;
    };
    while (!(await eraseSome()));
  }
}
