import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { pgDriver } from '../../../src/db/client/drivers/pg.ts';
import { reasonOf, sqlState, toDatabaseError } from '../../../src/db/client/errors.ts';
import { problemOf } from '../../../src/http/response/problem-of.ts';
import { Cluster } from '../../faults/support.ts';
import { useDatabase } from '../../support/database.ts';
import { startWire, type Wire } from '../../support/wire.ts';
import { failure, pgSession, type Sql, sessionOf, startTap, superuserUrl } from './pg-support.ts';

/* What src/db/client/drivers/pg.ts does to the wire, and what a wire that is long, cut or dead does to it. */

const database = useDatabase({
  prepare: (admin) => admin.query('create table notes (id int)').then(() => {}),
});
let wire: Wire;

beforeAll(async () => {
  wire = await startWire(database.admin.port);
});
beforeEach(() => {
  wire.latency = 0;
});
afterAll(() => wire.stop());

const session = (connections?: number) =>
  pgSession(database, { port: wire.port, ...(connections ? { connections } : {}) });
const EIGHT = Array.from({ length: 8 }, (_, i): Sql => [`select $1::int as s${i}`, i]);
const PID = 'select pg_backend_pid() as pid';

async function timed(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

describe('round trips', () => {
  test('a batch costs one, prepared or not, however many statements it has', async () => {
    const ours = session();
    await ours.read('select 1');
    for (const batch of [EIGHT, EIGHT, ['select 1'], [...EIGHT, ...EIGHT, ...EIGHT]] as Sql[][]) {
      const before = wire.requests;
      await ours.run(...batch);
      expect(wire.requests - before).toBe(1);
    }
    expect(wire.connections).toBe(1);
  });

  test('a batch is one write: what is not prepared yet is parsed, all have one Sync, then comes the commit', async () => {
    const { port, writes } = await startTap(database.admin.port);
    const ours = pgSession(database, { port });
    const sent = async (work: Promise<unknown>) => {
      writes.length = 0;
      await work;
      return writes;
    };
    await ours.read('select 1');
    expect(await sent(ours.read('select 2', 'select 3'))).toEqual(['BDEPBDEPBDESQ']);
    expect(await sent(ours.read('select 2', 'select 3'))).toEqual(['BDEBDEBDESQ']);
    expect(await sent(failure(ours.read('select 1/0', 'select 3')))).toEqual(['BDEPBDEBDESQ']);
  });

  test('a batch that fails costs one', async () => {
    const ours = session();
    await ours.read('select 1');
    const before = wire.requests;
    await failure(ours.run('select 1/0', ...EIGHT));
    expect(wire.requests - before).toBe(1);
  });

  test('on a wire of 100 ms each way, eight statements take 200 ms and not 2 s', async () => {
    const ours = session();
    await ours.read('select 1');
    wire.latency = 100;
    for (let i = 0; i < 2; i++) {
      const ms = await timed(ours.read(...EIGHT));
      expect(ms).toBeGreaterThan(195);
      expect(ms).toBeLessThan(390);
    }
  });
});

describe('connections', () => {
  test('one by default: batches wait for each other', async () => {
    const before = wire.connections;
    const ours = session();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ours.read('select pg_sleep(0.02)', PID)));
    expect(new Set(answers.map(([, rows]) => rows?.[0]?.pid)).size).toBe(1);
    expect(wire.connections - before).toBe(1);
  });

  test('as many as are allowed, and no more', async () => {
    const ours = session(3);
    const answers = await Promise.all(Array.from({ length: 12 }, () => ours.read('select pg_sleep(0.1)', PID)));
    expect(new Set(answers.map(([, rows]) => rows?.[0]?.pid)).size).toBe(3);
  });

  test('who waits for one too long is told so', async () => {
    const ours = session();
    const long = ours.read('select pg_sleep(5.5)');
    await sleep(50);
    const error = await failure(ours.read('select 1'));
    expect(sqlState(error)).toBeUndefined();
    expect(problemOf(toDatabaseError(error))).toMatchObject({ code: 'unavailable' });
    await long;
    expect(await ours.read('select 1 as a')).toEqual([[{ a: 1 }]]);
  });

  test('a backend that is killed fails its batch alone, and nothing is sent twice', async () => {
    const ours = session();
    const [[row]] = (await ours.read(PID)) as [[{ pid: number }]];
    const lost = failure(ours.run('insert into notes values (1)', 'select pg_sleep(10)'));
    await sleep(200);
    await database.admin.query('select pg_terminate_backend($1)', [row.pid]);
    expect(problemOf(toDatabaseError(await lost)).code).toBe('unavailable');
    expect(await ours.read('select count(*)::int as n from notes')).toEqual([[{ n: 0 }]]);
  });

  test('one that is killed while it rests is replaced', async () => {
    const ours = session();
    const [[row]] = (await ours.read(PID)) as [[{ pid: number }]];
    await database.admin.query('select pg_terminate_backend($1)', [row.pid]);
    await sleep(200);
    expect(await ours.read('select 1 as a')).toEqual([[{ a: 1 }]]);
  });

  test('one that breaks within a batch fails it, and is replaced', async () => {
    const ours = session();
    const lost = failure(ours.run('insert into notes values (2)', 'select pg_sleep(1)'));
    await sleep(300);
    wire.cut();
    const error = await lost;
    expect(problemOf(toDatabaseError(error)).code).toBe('unavailable');
    expect(reasonOf(error)).toHaveProperty('reason');
    expect(await ours.read('select 1 as a')).toEqual([[{ a: 1 }]]);
  });

  test('nobody there is an outage', async () => {
    const ours = sessionOf(pgDriver({ url: superuserUrl(database, 9) }));
    const error = await failure(ours.read('select 1'));
    expect(reasonOf(error)).toEqual({ reason: 'Error ECONNREFUSED' });
    expect(problemOf(toDatabaseError(error)).code).toBe('unavailable');
  });
});

describe('after a rest', () => {
  /** As if the process had been frozen for so long (ms). */
  const rest = (ms: number) => vi.spyOn(Date, 'now').mockReturnValue(Date.now() + ms);
  beforeEach(() => {
    vi.restoreAllMocks();
  });

  test('a connection that is good goes on', async () => {
    const ours = session();
    const before = await ours.read(PID);
    rest(60_000);
    expect(await ours.read(PID)).toEqual(before);
  });

  test('a dead one is found out before a batch is entrusted to it', async () => {
    const ours = session();
    await ours.read('select 1');
    wire.silence();
    rest(60_000);
    const ms = await timed(ours.run('insert into notes values (3)'));
    expect(ms).toBeLessThan(2500);
    expect(await ours.read('select id from notes where id = 3')).toEqual([[{ id: 3 }]]);
  });

  test('dead ones are all found out', async () => {
    const ours = session(3);
    await Promise.all(Array.from({ length: 3 }, () => ours.read('select pg_sleep(0.2)')));
    wire.silence();
    rest(60_000);
    const answers = await Promise.all(Array.from({ length: 3 }, () => ours.read('select 1 as a')));
    expect(answers).toEqual([[[{ a: 1 }]], [[{ a: 1 }]], [[{ a: 1 }]]]);
  });

  test('so it is where the clock has been set back', async () => {
    const ours = session();
    await ours.read('select 1');
    wire.silence();
    rest(-3_600_000);
    expect(await ours.read('select 1 as a')).toEqual([[{ a: 1 }]]);
  });
});

describe('a batch that is given up', () => {
  const impatient = (ms: number) => sessionOf(session().driver, AbortSignal.timeout(ms));

  test('ends at once, and the connection is not used again', async () => {
    const { driver } = session();
    await sessionOf(driver).read('select 1');
    const ms = await timed(
      expect(sessionOf(driver, AbortSignal.timeout(300)).read('select pg_sleep(8)')).rejects.toThrow(),
    );
    expect(ms).toBeLessThan(1500);
    expect(await timed(sessionOf(driver).read('select 1'))).toBeLessThan(1500);
  });

  test('ends while it waits for a connection, which is then free for others', async () => {
    const { driver } = session();
    const busy = sessionOf(driver).read('select pg_sleep(1)');
    await sleep(50);
    const ms = await timed(expect(sessionOf(driver, AbortSignal.timeout(200)).read('select 1')).rejects.toThrow());
    expect(ms).toBeLessThan(900);
    await busy;
    expect(await sessionOf(driver).read('select 1 as a')).toEqual([[{ a: 1 }]]);
  });

  test('ends while it connects', async () => {
    wire.latency = 2000;
    const ms = await timed(expect(impatient(300).read('select 1')).rejects.toThrow());
    expect(ms).toBeLessThan(1500);
  });

  test('with a signal that is over already sends nothing', async () => {
    const before = wire.requests;
    await expect(
      sessionOf(session().driver, AbortSignal.abort()).run('insert into notes values (4)'),
    ).rejects.toThrow();
    await sleep(300);
    expect(wire.requests).toBe(before);
    const { rows } = await database.admin.query('select from notes where id = 4');
    expect(rows).toEqual([]);
  });
});

test('a PostgreSQL that restarts is found again', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const cluster = await Cluster.start(cleanUp, { migrated: false });
  const ours = sessionOf(pgDriver({ url: cluster.url() }));
  await ours.run('create table kept (id int)', 'insert into kept values (1)');
  for (const way of ['fast', 'kill'] as const) {
    const lost = failure(ours.run('insert into kept values (2)', 'select pg_sleep(10)'));
    await sleep(200);
    await cluster.down(way);
    expect(problemOf(toDatabaseError(await lost)).code).toBe('unavailable');
    expect(problemOf(toDatabaseError(await failure(ours.read('select 1')))).code).toBe('unavailable');
    await cluster.up();
    await cluster.accepts();
    expect(await ours.read('select id from kept')).toEqual([[{ id: 1 }]]);
  }
}, 60_000);
