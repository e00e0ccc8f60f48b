import { sql } from 'kysely';
import { type Reply, writeAnswer } from '../answer.ts';
import type { Database } from '../client.ts';
import { must } from '../must.ts';
import { oneTenant } from './one-tenant.ts';

export interface TenantPatch {
  name?: string | undefined;
  status?: 'active' | 'suspended' | undefined;
}

/** Changes what the patch names. Problems: `not_found`. */
export function updateTenant(db: Database, id: string, patch: TenantPatch, reply: Reply) {
  const lock = must(db, sql<boolean>`(select true from tenants where id = ${id} for no key update)`, {
    code: 'not_found',
    detail: 'There is no such tenant.',
  });
  const named = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  const update = db.query.updateTable('tenants').set(named).where('id', '=', id);
  return writeAnswer(db, reply, [lock, ...(Object.keys(named).length > 0 ? [update] : [])], oneTenant(db, id));
}
