import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { commentWorld } from './comment-world.ts';

const api = useApi();

test('shows the comment to viewers, and 304 to who has it', async () => {
  const { as, ada, bob, say } = await commentWorld(api);
  const { json } = await say(`@[${bob}] look`);
  const path = `/api/v1/comments/${json.id}`;
  const got = await as(path, { sub: 'eve', role: 'viewer' });
  expect(got).toMatchObject({ status: 200, json: { author: { id: ada }, mentions: [{ id: bob, name: 'Bob' }] } });
  const headers = { 'If-None-Match': got.headers.get('ETag') ?? '' };
  expect((await as(path, { role: 'viewer' }, { headers })).status).toBe(304);
});

test('a renamed member has the new name, and the entity tag is another one', async () => {
  const { tenant, ada, say } = await commentWorld(api);
  const { json, headers } = await say(`I, @[${ada}]`);
  await api.database.admin.query(`update members set name = 'Countess' where id = $1`, [ada]);
  const renamed = { id: ada, name: 'Countess' };
  const got = await tenant.get(`/api/v1/comments/${json.id}`);
  expect(got.json).toEqual({ ...json, author: renamed, mentions: [renamed] });
  expect(got.headers.get('ETag')).not.toBe(headers.get('ETag'));
});

test('who has been purged is no author, and mentioned no more', async () => {
  const { tenant, ada, say } = await commentWorld(api);
  const { json } = await say(`I, @[${ada}]`);
  await api.database.admin.query('delete from members where id = $1', [ada]);
  expect((await tenant.get(`/api/v1/comments/${json.id}`)).json).toEqual({ ...json, author: null, mentions: [] });
});

test.each(['task', 'project'] as const)('that of a trashed %s is as unknown, until it is restored', async (what) => {
  const { tenant, project, task, say, trash } = await commentWorld(api);
  const { json } = await say('x');
  const path = `/api/v1/comments/${json.id}`;
  const unknown = await tenant.get(`/api/v1/comments/${UNKNOWN}`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found', detail: 'There is no such comment.' } });
  await trash(what);
  expect(anonymous((await tenant.get(path)).text)).toBe(anonymous(unknown.text));
  await tenant.post(`/api/v1/${what}s/${what === 'task' ? task : project}/restore`, undefined);
  expect((await tenant.get(path)).json).toEqual(json);
});

test('another tenant’s is as unknown; an id of another form is 400', async () => {
  const [mine, foreign] = [await commentWorld(api), await commentWorld(api)];
  const { json } = await foreign.say('x');
  const unknown = await mine.tenant.get(`/api/v1/comments/${UNKNOWN}`);
  expect(anonymous((await mine.tenant.get(`/api/v1/comments/${json.id}`)).text)).toBe(anonymous(unknown.text));
  expect((await mine.tenant.get('/api/v1/comments/1')).status).toBe(400);
});
