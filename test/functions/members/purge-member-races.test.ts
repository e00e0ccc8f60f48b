import { expect, inject, test } from 'vitest';
import { signToken, useApi } from '../../support/api.ts';
import { storedRows } from '../../support/stored.ts';
import { inTurn, waitForLocks } from '../../support/writes.ts';

/* A person is purged while somebody writes in that name, mentions or assigns that member: nothing of the person stays. */

const api = useApi();
const NAME = 'Marked Person';
const SUBJECT = 'marked-subject';

async function world() {
  const tenant = await api.tenant();
  const { json: member } = await tenant.post('/api/v1/members', { name: NAME, subject: SUBJECT });
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a' }] });
  const token = await signToken({ tenant_id: tenant.id, role: 'member', sub: SUBJECT });
  const path = `/api/v1/members/${member.id}`;
  const deactivate = () => tenant.call(path, { method: 'PATCH', body: { status: 'deactivated' } });
  const purge = () => tenant.post(`${path}/purge`, undefined);
  const left = async () => {
    const rows = JSON.stringify(await storedRows(api.database.admin, tenant.id));
    return [NAME, SUBJECT].filter((word) => rows.includes(word));
  };
  return { tenant, member, project, token, deactivate, purge, left };
}

test('what the person writes meanwhile is waited for, and erased', async () => {
  const { project, token, deactivate, purge, left } = await world();
  const [written, , purged] = await inTurn<{ status: number }>(
    api,
    ['select from projects where id = $1 for update', [project.id]],
    [
      () =>
        api.call(`/api/v1/projects/${project.id}/tasks`, {
          method: 'POST',
          body: { title: 'late' },
          token,
          headers: { 'Idempotency-Key': 'late' },
        }),
      async () => {
        // It does not wait for the write; the purge does.
        expect((await deactivate()).status).toBe(200);
        return purge();
      },
    ],
  ).then(([first, second]) => [first, undefined, second]);
  expect([written?.status, purged?.status]).toEqual([201, 204]);
  expect(await left()).toEqual([]);
});

test('who is mentioned meanwhile is gone from the stored answer too', async () => {
  const { tenant, project, member, deactivate, purge, left } = await world();
  await deactivate();
  const comments = `/api/v1/tasks/${project.tasks[0].id}/comments`;
  const body = { body: `@[${member.id}]` };
  for (let round = 0; round < 5; round++) {
    const mention = (n: number) =>
      tenant.post(comments, body, { headers: { 'Idempotency-Key': `mention ${round} ${n}` } });
    const replies = await Promise.all([mention(1), mention(2), mention(3), ...(round === 2 ? [purge()] : [])]);
    for (const { status } of replies) expect([201, 204, 422]).toContain(status);
  }
  expect(await left()).toEqual([]);
});

test('a comment that mentions the member, and is not committed yet, is waited for', async () => {
  const { tenant, project, member, deactivate, purge, left } = await world();
  await deactivate();
  const { admin } = api.database;
  await admin.query('begin');
  await admin.query(
    `with made as (
       insert into comments (tenant_id, task_id, body) values ($1, $2, 'x') returning id
     ) insert into comment_mentions (tenant_id, comment_id, member_id, n) select $1, id, $3, 1 from made`,
    [tenant.id, project.tasks[0].id, member.id],
  );
  await admin.query(`insert into idempotency_keys (tenant_id, key, request_hash) values ($1, 'held', 'hash')`, [
    tenant.id,
  ]);
  await admin.query(`update idempotency_keys set body = $2 where tenant_id = $1 and key = 'held'`, [
    tenant.id,
    `{"id":"01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b","mentions":[{"id":"${member.id}","name":"${NAME}"}]}`,
  ]);
  const purging = purge();
  expect(await waitForLocks(api, 1)).toBe(1);
  await admin.query('commit');
  expect((await purging).status).toBe(204);
  expect(await left()).toEqual([]);
});

test.runIf(inject('tier') === 'node')(
  'of a member who is not deactivated the log keeps the subject, whoever asks',
  async () => {
    const { tenant, member, token, deactivate } = await world();
    await api.call('/api/v1/tags', { method: 'POST', body: { name: 't' }, token });
    const { admin } = api.database;
    const erase = async () => {
      await admin.query('begin');
      await admin.query(`select set_config('app.tenant_id', $1, true)`, [tenant.id]);
      const { rows } = await admin.query('select entries from erase_actor_from_log($1, 1000)', [member.id]);
      await admin.query('rollback');
      return rows.reduce((sum, { entries }) => sum + entries, 0);
    };
    expect(await erase()).toBe(0);
    await deactivate();
    expect(await erase()).toBe(1);
  },
);
