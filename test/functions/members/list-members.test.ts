import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';

const api = useApi();
const path = '/api/v1/members';

const PEOPLE = [
  { name: 'Émile Borel', email: 'emile@sorbonne.example' },
  { name: 'ada Lovelace', email: 'countess@example.com' },
  { name: 'Grace Hopper', email: 'grace.hopper@navy.example', status: 'deactivated' },
  { name: 'Ada King', email: null },
];

async function tenantWithPeople() {
  const tenant = await api.tenant();
  for (const person of PEOPLE) await tenant.post(path, person);
  const stranger = await api.tenant();
  await stranger.post(path, { name: 'Ada Stranger' });
  const names = async (query: string) =>
    (await tenant.get(`${path}?${query}`)).json.data.map(({ name }: { name: string }) => name);
  return { tenant, names };
}

test('by name, of every status, or by age', async () => {
  const { tenant, names } = await tenantWithPeople();
  expect(await names('')).toEqual(['Ada King', 'ada Lovelace', 'Émile Borel', 'Grace Hopper']);
  expect(await names('sort=-name')).toEqual(['Grace Hopper', 'Émile Borel', 'ada Lovelace', 'Ada King']);
  expect(await names('sort=created_at')).toEqual(PEOPLE.map(({ name }) => name));
  expect((await tenant.get(`${path}?count=true&limit=1`, { role: 'viewer' })).json.page.total).toBe(4);
});

test.each(['name', '-name', 'created_at', '-created_at'])('pages by %s', async (sort) => {
  const { tenant, names } = await tenantWithPeople();
  const walked = await walkPages<{ name: string }>(tenant, `${path}?limit=1&sort=${sort}`);
  expect(walked.map(({ name }) => name)).toEqual(await names(`sort=${sort}`));
});

test('by status', async () => {
  const { names } = await tenantWithPeople();
  expect(await names('status=deactivated')).toEqual(['Grace Hopper']);
  expect(await names('status=active')).toHaveLength(3);
});

test.each([
  ['ada', ['Ada King', 'ada Lovelace']],
  ['lov', ['ada Lovelace']],
  ['ada ki', ['Ada King']],
  ['emile', ['Émile Borel']],
  ['count', ['ada Lovelace']],
  ['countess@example.com', ['ada Lovelace']],
  ['hopper@navy', ['Grace Hopper']],
  ['example', ['ada Lovelace', 'Émile Borel', 'Grace Hopper']],
  ['velace', []],
  ['stranger', []],
  ['@', []],
])('q=%s finds %j', async (q, found) => {
  const { names } = await tenantWithPeople();
  expect(await names(`q=${encodeURIComponent(q)}`)).toEqual(found);
});

test('q and status hold together, and what has changed is found as it is now', async () => {
  const { tenant, names } = await tenantWithPeople();
  expect(await names('q=grace&status=active')).toEqual([]);
  const { json } = await tenant.get(`${path}?q=grace`);
  const body = { name: 'Amazing', email: 'amazing@example.com' };
  await tenant.call(`${path}/${json.data[0].id}`, { method: 'PATCH', body });
  expect(await names('q=grace')).toEqual([]);
  expect(await names('q=amaz')).toEqual(['Amazing']);
});
