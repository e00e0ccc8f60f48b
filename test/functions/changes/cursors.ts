import { expect, test } from 'vitest';
import type { TestApi, TestTenant } from '../../support/api.ts';
import { forgeCursor, valuesOf } from '../../support/changes.ts';
import { now, path } from './reading.ts';

/** The same cursor with other values. */
function forge({ id }: TestTenant, cursor: string, change: (values: string[]) => void): string {
  const values = valuesOf(cursor);
  change(values);
  return forgeCursor(id, values);
}

/** What a cursor of changes is good for, and for how long. */
export function describeCursors(api: TestApi): void {
  /** A tenant with a tag and a member. */
  async function smallWorld() {
    const tenant = await api.tenant();
    await tenant.post('/api/v1/tags', { name: 'red' });
    await tenant.post('/api/v1/members', { name: 'Ada' });
    return tenant;
  }

  test.each<[string, (values: string[]) => void]>([
    [
      'older than 90 days',
      (values) => values.splice(2, 1, new Date(Date.now() - 92 * 86_400_000).toISOString().slice(0, 10)),
    ],
    ['of another cluster', (values) => values.splice(1, 1, '1')],
    [
      'after an entry that the log does not have (any more)',
      (values) => values.splice(4, 1, '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b'),
    ],
    ['after an entry of another transaction', (values) => values.splice(3, 1, '1')],
  ])('410: a cursor that is %s', async (_, change) => {
    const tenant = await smallWorld();
    const inWalk = (await tenant.get(`${path}?limit=1`)).json.page.next_cursor;
    for (const cursor of [inWalk, await now(api, tenant)]) {
      const same = forge(tenant, cursor, () => {});
      expect((await tenant.get(`${path}?cursor=${same}`)).status).toBe(200);
      const reply = await tenant.get(`${path}?cursor=${forge(tenant, cursor, change)}`);
      expect(reply).toMatchObject({
        status: 410,
        json: { code: 'gone', errors: [{ pointer: '?cursor', code: 'expired' }] },
      });
    }
  });

  test('a cursor that is 90 days old is kept, and does not age by what is read', async () => {
    const tenant = await smallWorld();
    const day = new Date(Date.now() - 90 * 86_400_000).toISOString().slice(0, 10);
    const old = forge(tenant, await now(api, tenant), (values) => values.splice(2, 1, day));
    const { json, status } = await tenant.get(`${path}?cursor=${old}`);
    expect(status).toBe(200);
    expect(json.page.next_cursor).toBe(await now(api, tenant));
  });

  test.each<[string, (values: string[]) => void]>([
    ['of no kind', (values) => values.splice(0, 1, 'x')],
    ['with no number', (values) => values.splice(3, 1, 'x')],
    ['with no day', (values) => values.splice(2, 1, 'x')],
    ['with no id', (values) => values.splice(6, 1, 'x')],
    ['with a value less', (values) => values.splice(6, 1)],
  ])('400: a forged cursor %s', async (_, change) => {
    const tenant = await smallWorld();
    const cursor = forge(tenant, await now(api, tenant), change);
    expect(await tenant.get(`${path}?cursor=${cursor}`)).toMatchObject({
      status: 400,
      json: { code: 'invalid_cursor' },
    });
  });

  test('the cursor of another tenant is invalid, and so is its entry in a cursor of one’s own', async () => {
    const [tenant, stranger] = [await smallWorld(), await smallWorld()];
    const [theirs, mine] = [await now(api, tenant), await now(api, stranger)];
    expect((await stranger.get(`${path}?cursor=${theirs}`)).json.code).toBe('invalid_cursor');
    const { 3: xid = '', 4: id = '' } = valuesOf(theirs);
    const forged = forge(stranger, mine, (values) => values.splice(3, 2, xid, id));
    expect((await stranger.get(`${path}?cursor=${forged}`)).json.code).toBe('gone');
  });
}
