import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Reply, TestApi, TestTenant } from './api.ts';
import { anonymous, UNKNOWN } from './replies.ts';

/* What writes have in common: `If-Match`, `Idempotency-Key`, ids that are not there. Each endpoint says how it is called. */

/** A write to one row, which would succeed. */
export interface Write {
  tenant: TestTenant;
  table: 'projects' | 'tasks' | 'tags' | 'members' | 'comments';
  id: string;
  method: 'PATCH' | 'DELETE' | 'POST' | 'PUT';
  path: string;
  body?: unknown;
}

export function send({ tenant, method, path, body }: Write, headers: Record<string, string> = {}): Promise<Reply> {
  return tenant.call(path, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** A row as it is stored. */
export async function stored(api: TestApi, { table, id }: Pick<Write, 'table' | 'id'>): Promise<unknown> {
  const { rows } = await api.database.admin.query(`select to_jsonb(t) as row from ${table} as t where id = $1`, [id]);
  return rows[0]?.row;
}

/**
 * Lets requests meet at one row: it stays locked until all of them wait, so that what each reads before its own lock is
 * old by the time it writes. Fails where one of them does not come to wait.
 */
export function meetingAt<T>(
  api: TestApi,
  { table, id }: Pick<Write, 'table' | 'id'>,
  start: () => Promise<T>[],
): Promise<T[]> {
  return whileHeld(api, [`select from ${table} where id = $1 for update`, [id]], [start]);
}

/**
 * Lets requests come in an order: each starts when those before it wait, the first for what a statement of ours locks.
 * Fails where one of them does not come to wait.
 */
export function inTurn<T>(api: TestApi, hold: [sql: string, values: unknown[]], starts: (() => Promise<T>)[]) {
  return whileHeld(
    api,
    hold,
    starts.map((start) => () => [start()]),
  );
}

/** Starts groups of requests, each group when all before it wait, and rolls back the statement that they wait for. */
async function whileHeld<T>(
  api: TestApi,
  [sql, values]: [string, unknown[]],
  groups: (() => Promise<T>[])[],
): Promise<T[]> {
  const { admin } = api.database;
  const requests: Promise<T>[] = [];
  let waiting = 0;
  await admin.query('begin');
  try {
    await admin.query(sql, values);
    for (const start of groups) {
      requests.push(...start());
      waiting = await waitForLocks(api, requests.length);
    }
  } finally {
    await admin.query('rollback');
  }
  const results = await Promise.all(requests);
  expect(waiting, `of the requests wait for: ${sql}`).toBe(requests.length);
  return results;
}

/** Waits until so many requests wait for a lock, for 4 s at the most (a request itself waits for 5 s). @returns how many do */
export async function waitForLocks({ database: { admin } }: TestApi, count: number): Promise<number> {
  const deadline = performance.now() + 4000;
  while (true) {
    // Within a transaction the numbers stay as they were first read.
    await admin.query('select pg_stat_clear_snapshot()');
    const { rows } = await admin.query(
      `select count(*)::integer as n from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    // Of several databases, whichever has them.
    const waiting = rows.reduce((sum, { n }) => sum + n, 0);
    if (waiting >= count || performance.now() > deadline) return waiting;
    await sleep(10);
  }
}

export interface Entry {
  action: string;
  resource_type: string;
  resource_id: string;
  actor: string | null;
  request_id: string;
  changes: Record<string, [unknown, unknown]>;
}

/** The audit log of one resource, oldest first. */
export async function history(tenant: TestTenant, id: string): Promise<Entry[]> {
  const { json } = await tenant.get(`/api/v1/audit-log?limit=100&resource_id=${id}`);
  return json.data.toReversed();
}

/** `If-Match` as docs/api-conventions.md, "If-Match", describes it. */
export function heedsIfMatch(api: TestApi, status: number, make: () => Promise<Write>): void {
  const version = async (write: Write) => ((await stored(api, write)) as { version: number }).version;

  describe('If-Match', () => {
    test.each([
      ['the version', (v: number) => `"${v}.0123456789abcdef0123456789abcdef"`],
      ['a weak tag', (v: number) => `W/"${v}.x"`],
      ['any', () => '*'],
      ['one of a list', (v: number) => `"${v + 7}.x", W/"${v}.y" , "z"`],
    ])('lets through where it is %s', async (_, header) => {
      const write = await make();
      const reply = await send(write, { 'If-Match': header(await version(write)) });
      expect(reply.status, reply.text).toBe(status);
    });

    test('refuses another version, and whatever is no tag of ours, and nothing changes', async () => {
      const write = await make();
      const before = await stored(api, write);
      const v = await version(write);
      const headers = [
        `"${v + 1}.x"`,
        `"${v - 1}.x", "${v + 1}.x"`,
        `"${v}"`,
        `"${v}0.x"`,
        '"*"',
        '""',
        `"-${v}.x"`,
        `"99999999999999999999.x"`,
      ];
      for (const header of headers) {
        const reply = await send(write, { 'If-Match': header });
        expect(reply, header).toMatchObject({
          status: 412,
          json: { code: 'precondition_failed', current_version: v },
        });
      }
      for (const header of [`${v}.x`, `"${v}.x`, 'nonsense']) {
        const reply = await send(write, { 'If-Match': header });
        expect(reply, header).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
      }
      expect(await stored(api, write)).toEqual(before);
    });

    test('what is not there is 404 and not 412', async () => {
      const write = await make();
      const reply = await send({ ...write, path: write.path.replace(write.id, UNKNOWN) }, { 'If-Match': '"7.x"' });
      expect(reply).toMatchObject({ status: 404, json: { code: 'not_found' } });
    });

    test('of writers with the same ETag exactly one succeeds', async () => {
      const write = await make();
      const headers = { 'If-Match': `"${await version(write)}.x"` };
      const replies = await meetingAt(api, write, () => Array.from({ length: 4 }, () => send(write, headers)));
      const statuses = replies.map((reply) => reply.status);
      expect(statuses.filter((got) => got === status)).toHaveLength(1);
      expect(statuses.filter((got) => got === 412 || got === 404)).toHaveLength(3);
    });
  });
}

/** `Idempotency-Key` as docs/api-conventions.md, "Idempotency", describes it. */
export function heedsIdempotencyKey(api: TestApi, status: number, make: () => Promise<Write>): void {
  describe('Idempotency-Key', () => {
    test('gives the first answer again, before If-Match is looked at', async () => {
      const write = await make();
      const { version } = (await stored(api, write)) as { version: number };
      const headers = { 'Idempotency-Key': 'once', 'If-Match': `"${version}.x"` };
      const first = await send(write, headers);
      expect(first.status, first.text).toBe(status);
      expect(first.headers.get('Idempotency-Replayed')).toBeNull();
      const after = await stored(api, write);
      const again = await send(write, headers);
      expect(again).toMatchObject({ status, text: first.text });
      expect(again.headers.get('ETag')).toBe(first.headers.get('ETag'));
      expect(again.headers.get('Idempotency-Replayed')).toBe('true');
      expect(await stored(api, write)).toEqual(after);
    });

    test('of equal requests at once, one is carried out', async () => {
      const write = await make();
      const replies = await Promise.all(Array.from({ length: 4 }, () => send(write, { 'Idempotency-Key': 'at once' })));
      expect(replies.map((reply) => reply.status)).toEqual(Array(4).fill(status));
      expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
      expect(replies.filter(({ headers }) => !headers.get('Idempotency-Replayed'))).toHaveLength(1);
    });

    test('refuses the key with another request; a refused request keeps none', async () => {
      const write = await make();
      const headers = { 'Idempotency-Key': 'k' };
      expect((await send(write, { ...headers, 'If-Match': '"77.x"' })).status).toBe(412);
      expect((await send({ ...write, path: write.path.replace(write.id, UNKNOWN) }, headers)).status).toBe(404);
      expect((await send(write, headers)).status).toBe(status);
      for (const other of [
        { ...write, body: {} },
        { ...write, path: write.path.replace(write.id, UNKNOWN) },
      ]) {
        const reply = await send(other, headers);
        expect(reply).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
      }
    });
  });
}

/**
 * What is unknown or another tenant's is one and the same 404, and an id of another form is 400.
 * @param gone makes the same write to a row for which it is as unknown
 */
export function knowsOnlyItsOwn(make: () => Promise<Write>, gone?: () => Promise<Write>): void {
  test('what is unknown, trashed or another tenant’s is the same 404; an id of another form is 400', async () => {
    const [write, foreign] = [await make(), await make()];
    const at = (id: string) => send({ ...write, path: write.path.replace(write.id, id) });
    const unknown = await at(UNKNOWN);
    expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect(anonymous((await at(foreign.id)).text)).toBe(anonymous(unknown.text));
    if (gone) expect(anonymous((await send(await gone())).text)).toBe(anonymous(unknown.text));
    for (const id of ['1', write.id.replaceAll('-', ''), `${write.id}0`]) {
      expect(await at(id)).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
    }
    expect((await at(write.id.toUpperCase())).status).toBeLessThan(300);
  });
}
