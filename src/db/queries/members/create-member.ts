import type { Insertable } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import type { Members } from '../../types.ts';
import { oneMember } from './one-member.ts';

/** Inserts one member. Fails with `duplicate` where another member of the tenant has this subject. */
export function createMember(
  db: Database,
  member: Pick<Insertable<Members>, 'name' | 'email' | 'subject' | 'status'> & { id: string },
  options: WriteOptions,
) {
  const insert = db.query.insertInto('members').values({ ...member, tenant_id: db.tenantId });
  return writeRepresentation(db, options, [insert], oneMember(db, member.id));
}
