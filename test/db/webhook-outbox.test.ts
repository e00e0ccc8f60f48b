import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { connectAs, insert, makeTenant, transaction, useWorker, value } from './sessions.ts';

/* From a change to its deliveries: what the transaction of the change writes, and what is made of that afterwards. */

const database = useDatabase();
const worker = useWorker(database);
let courier: pg.Client;
connectAs(database, 'courierUrl', (client) => {
  courier = client;
});

let tenant: string;

const makeWebhook = (of = tenant, events = ['*']) =>
  value<string>(
    database.admin,
    `insert into webhooks (tenant_id, url, events) values ($1, 'https://example.com/', $2) returning id`,
    [of, events],
  );
const addTag = (client: pg.Client, of = tenant, name: string = randomUUID()) =>
  client.query('insert into tags (tenant_id, name) values ($1, $2)', [of, name]);
const written = (of = tenant) =>
  value<number>(database.admin, 'select count(*)::int from webhook_outbox where tenant_id = $1', [of]);
const deliveries = async (of = tenant) =>
  (
    await database.admin.query(
      `select event, resource_id, webhook_id, body::json as body, next_attempt_at = 'infinity' as waits
       from webhook_deliveries where tenant_id = $1 order by n`,
      [of],
    )
  ).rows;
const told = async () => (await deliveries()).map(({ event, resource_id }) => `${event} ${resource_id}`);

/** Makes deliveries as who delivers does, so many at most. */
const fanOut = (atMost = 500, of = tenant) =>
  transaction(courier, async (client) => {
    await client.query(`select set_courier_context('webhooks', 'r')`);
    await client.query('select fan_out_webhooks($1, $2)', [of, atMost]);
  });

beforeEach(async () => {
  await database.admin.query('delete from webhook_outbox');
  tenant = await makeTenant(database.admin);
});

describe('what a transaction writes', () => {
  test('is one row for each change, however many webhooks take it', async () => {
    for (let n = 0; n < 20; n++) await makeWebhook();
    await worker.inTenant(tenant, async (client) => {
      for (const name of ['a', 'b', 'c']) await addTag(client, tenant, name);
    });
    expect([await written(), (await deliveries()).length]).toEqual([3, 0]);
    await fanOut();
    expect([await written(), (await deliveries()).length]).toEqual([0, 60]);
  });

  test('is nothing where the tenant has no webhooks, or none that takes it', async () => {
    await worker.inTenant(tenant, (client) => addTag(client));
    await makeWebhook(tenant, ['project.*']);
    await worker.inTenant(tenant, (client) => addTag(client));
    expect(await written()).toBe(0);
  });

  test('is written without a tenant’s context, too, of each tenant its own, and again in the next transaction', async () => {
    const other = await makeTenant(database.admin);
    const without = await makeTenant(database.admin);
    await makeWebhook();
    await makeWebhook(other);
    for (const rows of [1, 2]) {
      await transaction(database.admin, async (admin) => {
        for (const of of [tenant, without, other, tenant]) await addTag(admin, of);
      });
      expect(await Promise.all([tenant, other, without].map(written))).toEqual([2 * rows, rows, 0]);
    }
  });

  test('follows what a tenant’s context has said: one that began without webhooks writes nothing', async () => {
    await worker.inTenant(tenant, async (client) => {
      await makeWebhook();
      await addTag(client);
    });
    expect(await written()).toBe(0);
    await worker.inTenant(tenant, (client) => addTag(client));
    // Nor has what one transaction said a meaning for the next one of the same connection.
    const other = await makeTenant(database.admin);
    await worker.inTenant(other, (client) => addTag(client, other));
    await worker.inTenant(tenant, (client) => addTag(client));
    expect(await written()).toBe(2);
  });

  test('names the webhooks that there were: later ones are not told, and deleted ones no more', async () => {
    const [kept, deleted] = [await makeWebhook(), await makeWebhook()];
    await worker.inTenant(tenant, (client) => addTag(client));
    await makeWebhook();
    await database.admin.query('delete from webhooks where id = $1', [deleted]);
    await database.admin.query(`update webhooks set status = 'paused', paused_reason = 'x', events = '{task.*}'`);
    await fanOut();
    expect((await deliveries()).map(({ webhook_id }) => webhook_id)).toEqual([kept]);
  });

  test('goes with the last of the webhooks', async () => {
    const [one, last] = [await makeWebhook(), await makeWebhook()];
    await worker.inTenant(tenant, (client) => addTag(client));
    for (const [id, left] of [
      [one, 1],
      [last, 0],
    ]) {
      await database.admin.query('delete from webhooks where id = $1', [id]);
      expect(await written()).toBe(left);
    }
  });
});

describe('deliveries are made of it', () => {
  test('in portions, in their order, and those of a resource wait for the first of them', async () => {
    await makeWebhook();
    const tags: string[] = [];
    for (const name of ['a', 'b']) {
      tags.push(
        await worker.inTenant(tenant, (client) =>
          addTag(client, tenant, name).then(() => value(client, 'select id from tags where name = $1', [name])),
        ),
      );
    }
    const [a, b] = tags;
    for (const id of [a, b, a]) {
      await worker.inTenant(tenant, (client) => client.query(`update tags set name = name || '+' where id = $1`, [id]));
    }
    for (const left of [3, 1, 0, 0]) {
      await fanOut(2);
      expect(await written()).toBe(left);
    }
    expect((await deliveries()).map(({ event, resource_id, waits }) => [event, resource_id, waits])).toEqual([
      ['tag.created', a, false],
      ['tag.created', b, false],
      ['tag.updated', a, true],
      ['tag.updated', b, true],
      ['tag.updated', a, true],
    ]);
    // Where the first one is deleted, such as after 30 days, the next one is due.
    await database.admin.query(`delete from webhook_deliveries where tenant_id = $1 and event = 'tag.created'`, [
      tenant,
    ]);
    expect((await deliveries()).map(({ waits }) => waits)).toEqual([false, false, true]);
  });

  test.each(['rollback', 'commit'])(
    'once, by whichever of several that are at it, where one ends with %s',
    async (end) => {
      await makeWebhook();
      await worker.inTenant(tenant, async (client) => {
        for (let n = 0; n < 6; n++) await addTag(client);
      });
      await courier.query('begin');
      await courier.query('select fan_out_webhooks($1, 4)', [tenant]);
      // The second one leaves it to the first.
      const { rows } = await database.admin.query('select fan_out_webhooks($1, 5) as is_free', [tenant]);
      expect(rows).toEqual([{ is_free: false }]);
      await courier.query(end);
      await fanOut(5);
      await fanOut(5);
      expect(await written()).toBe(0);
      const ids = (await deliveries()).map(({ resource_id }) => resource_id);
      expect([ids.length, ids.toSorted()]).toEqual([6, [...new Set(ids)].toSorted()]);
    },
  );

  test('by the courier of the release before, too, which only begins its batches as it did', async () => {
    await makeWebhook();
    await worker.inTenant(tenant, (client) => addTag(client));
    await transaction(courier, async (client) => {
      await client.query(`select set_platform_context('webhooks', 'r')`);
      expect(await value(client, 'select count(*)::int from webhook_deliveries where tenant_id = $1', [tenant])).toBe(
        1,
      );
    });
    // Nobody else does it by that.
    await worker.inTenant(tenant, (client) => addTag(client));
    await worker.inPlatform(async () => {});
    expect(await written()).toBe(1);
  });

  test('and the courier can write none by itself, nor see what is to be sent', async () => {
    const denied = { code: '42501' };
    await expect(courier.query('select body from webhook_outbox')).rejects.toMatchObject(denied);
    await expect(courier.query(`delete from webhook_outbox`)).rejects.toMatchObject(denied);
    const forged = `select write_webhook_deliveries($1, '{}', 'x', 'x', $1, '{}', '{}', now())`;
    await expect(courier.query(forged, [tenant])).rejects.toMatchObject(denied);
    await expect(worker.client.query('select fan_out_webhooks($1, 1)', [tenant])).rejects.toMatchObject(denied);
  });
});

describe('comments that go to the trash with their task, and come back', () => {
  let task: string;

  const move = (deletedAt: string) =>
    worker.inTenant(tenant, (client) =>
      client.query(`update tasks set deleted_at = ${deletedAt}, trash_id = id where tenant_id = $1 and id = $2`, [
        tenant,
        task,
      ]),
    );
  const say = (client: pg.Client) =>
    client
      .query(`insert into comments (tenant_id, task_id, body) values ($1, $2, 'So?') returning id`, [tenant, task])
      .then(({ rows }) => rows[0].id as string);

  beforeEach(async () => {
    const project = randomUUID();
    task = randomUUID();
    await insert(database.admin, 'projects', { tenant_id: tenant, id: project, name: 'P' });
    await insert(database.admin, 'tasks', {
      tenant_id: tenant,
      id: task,
      project_id: project,
      title: 'T',
      position: 1,
    });
  });

  test('are events of their own, in portions, after that of the task', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push(await say(database.admin));
    await makeWebhook();
    await makeWebhook(tenant, ['comment.*']);
    await move('now()');
    expect(await written()).toBe(1);
    for (const left of [1, 1, 1, 1]) {
      await fanOut(3);
      expect(await written()).toBe(left);
    }
    await fanOut(3);
    await fanOut(3);
    expect(await written()).toBe(0);
    expect(await told()).toEqual([
      `task.deleted ${task}`,
      ...ids.flatMap((id) => [`comment.deleted ${id}`, `comment.deleted ${id}`]),
    ]);
    expect((await deliveries()).at(-1)?.body).toMatchObject({
      type: 'comment.deleted',
      data: { tenant_id: tenant, resource_type: 'comment', resource: { id: ids.at(-1) }, changes: {}, actor: 'ann' },
    });
  });

  test('are those that there were, as they are when they are told', async () => {
    const [kept, gone] = [await say(database.admin), await say(database.admin)];
    await makeWebhook(tenant, ['comment.*']);
    await move('now()');
    await worker.inTenant(tenant, async (client) => {
      await client.query('update tasks set deleted_at = null, trash_id = null where tenant_id = $1', [tenant]);
      await say(client);
    });
    await database.admin.query(`update comments set body = 'Else.' where id = $1`, [kept]);
    await database.admin.query('delete from comments where id = $1', [gone]);
    await fanOut();
    const made = (await deliveries()).filter(({ resource_id }) => resource_id !== kept && resource_id !== gone);
    expect(made.map(({ event }) => event)).toEqual(['comment.created']);
    const told = (await deliveries()).filter(({ resource_id }) => resource_id === kept);
    expect(told.map(({ event, body }) => [event, body.data.resource.body])).toEqual([
      ['comment.deleted', undefined],
      ['comment.restored', 'Else.'],
      ['comment.updated', 'Else.'],
    ]);
  });
});
