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
