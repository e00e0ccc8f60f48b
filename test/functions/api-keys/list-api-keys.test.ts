import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { insertApiKey } from '../../support/api-keys.ts';
import { walkPages } from '../../support/pages.ts';

const api = useApi();
const path = '/api/v1/api-keys';

test('all of them, newest first, by what they are now', async () => {
  const tenant = await api.tenant();
  const [past, future] = ['2020-01-01T00:00:00Z', '2099-01-01T00:00:00Z'];
  const active = [await insertApiKey(api, tenant), await insertApiKey(api, tenant, { expires_at: future })];
  const expired = [await insertApiKey(api, tenant, { expires_at: past })];
  const revoked = [
    await insertApiKey(api, tenant, { revoked_at: past }),
    await insertApiKey(api, tenant, { revoked_at: past, expires_at: past }),
  ];
  await insertApiKey(api, await api.tenant());
  const ids = async (query: string) =>
    (await tenant.get(`${path}?${query}`)).json.data.map(({ id }: { id: string }) => id);
  const of = (keys: { id: string }[]) => keys.map(({ id }) => id).toReversed();
  expect(await ids('')).toEqual(of([...active, ...expired, ...revoked]));
  expect(await ids('sort=created_at')).toEqual(of([...active, ...expired, ...revoked]).toReversed());
  expect(await ids('status=active')).toEqual(of(active));
  expect(await ids('status=expired')).toEqual(of(expired));
  expect(await ids('status=revoked')).toEqual(of(revoked));
  const { json, text } = await tenant.get(`${path}?count=true`);
  expect(json.page.total).toBe(5);
  expect(json.data.map(({ status }: { status: string }) => status)).toEqual([
    ...['revoked', 'revoked', 'expired', 'active', 'active'],
  ]);
  expect(text).not.toMatch(/secret|hash|ot_/);
  const walked = await walkPages<{ id: string }>(tenant, `${path}?limit=2`);
  expect(walked.map(({ id }) => id)).toEqual(await ids(''));
});

test('only an admin may', async () => {
  const tenant = await api.tenant();
  for (const role of ['viewer', 'member'] as const) expect((await tenant.get(path, { role })).status).toBe(403);
});
