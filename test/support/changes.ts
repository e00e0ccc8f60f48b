import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestDatabase } from './database.ts';

/**
 * Waits until what a tenant's transactions have written is final, for `GET /changes` to show it: until no transaction that
 * began before them is still running, in any database of the cluster, those of other test files among them.
 */
export async function untilFinal({ admin }: TestDatabase, tenantId: string): Promise<void> {
  const query = `select coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot()), true) as is_final
    from audit_log where tenant_id = $1`;
  const deadline = Date.now() + 15_000;
  for (;;) {
    const { rows } = await admin.query(query, [tenantId]);
    if (rows[0].is_final) return;
    expect(Date.now(), 'a transaction runs for very long').toBeLessThan(deadline);
    await sleep(10);
  }
}

/** The values of a cursor of changes: see src/db/sql/change-position.ts. */
export function valuesOf(cursor: string): string[] {
  return JSON.parse(Buffer.from(cursor.split('.')[0] ?? '', 'base64url').toString());
}

/** A cursor with these values, as only somebody can make it who knows how. */
export function forgeCursor(tenantId: string, values: string[], types = ''): string {
  const payload = Buffer.from(JSON.stringify(values)).toString('base64url');
  const context = [tenantId, 'changes', '', types, ''].join('\n');
  return `${payload}.${createHash('sha256').update(`${payload}.${context}`).digest('hex').slice(0, 16)}`;
}
