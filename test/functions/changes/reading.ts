import { expect } from 'vitest';
import type { TestApi, TestTenant } from '../../support/api.ts';
import { untilFinal } from '../../support/changes.ts';

/* How the tests of changes read them. */

export const path = '/api/v1/changes';

export interface Change {
  type: string;
  id: string;
  action: string;
  version: number | null;
  at: string;
  actor: string | null;
  resource: Record<string, unknown> | null;
}

export const remove = (tenant: TestTenant, url: string) => tenant.call(`/api/v1/${url}`, { method: 'DELETE' });
export const patch = (tenant: TestTenant, url: string, body: unknown) =>
  tenant.call(`/api/v1/${url}`, { method: 'PATCH', body });

/** All changes after a cursor, or all from the beginning, and the cursor at the end. */
export async function read(api: TestApi, tenant: TestTenant, cursor?: string, query = 'limit=100') {
  await untilFinal(api.database, tenant.id);
  const changes: Change[] = [];
  let next = cursor;
  for (;;) {
    const { json, status, text } = await tenant.get(`${path}?${query}${next ? `&cursor=${next}` : ''}`);
    expect(status, text).toBe(200);
    changes.push(...json.data);
    next = json.page.next_cursor as string;
    if (!json.page.has_more) return { changes, cursor: next };
  }
}

export const now = async (api: TestApi, tenant: TestTenant, query = '') => {
  await untilFinal(api.database, tenant.id);
  return (await tenant.get(`${path}?cursor=now${query}`)).json.page.next_cursor as string;
};
