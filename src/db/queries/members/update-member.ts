import { type Selectable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { conflictUnless } from '../../sql/raise-unless.ts';
import type { Members } from '../../types.ts';
import { oneMember } from './one-member.ts';

interface MemberPatch {
  name?: string | undefined;
  email?: string | null | undefined;
  status?: Selectable<Members>['status'] | undefined;
  subject?: string | null | undefined;
}

/**
 * Changes the members that the patch names. Rejects as `lockRow` does, and with `conflict` where the subject is another one
 * already: what somebody has done is known by it. Fails with `duplicate` where another member has it.
 */
export function updateMember(db: Database, id: string, patch: MemberPatch, options: WriteOptions) {
  const { subject } = patch;
  const isTheSame = sql<boolean>`(
    select subject is null or subject is not distinct from ${subject}::text
    from members where tenant_id = ${db.tenantId} and id = ${id})`;
  const staysKnown = conflictUnless(db, isTheSame, 'The subject of a member can be set once, and not be changed.');
  const update = db.query.updateTable('members').set(patch).where('tenant_id', '=', db.tenantId).where('id', '=', id);
  const changes = Object.values(patch).some((value) => value !== undefined);
  return writeRepresentation(
    db,
    options,
    [lockRow(db, 'member', id, options), ...(subject === undefined ? [] : [staysKnown]), ...(changes ? [update] : [])],
    oneMember(db, id),
  );
}
