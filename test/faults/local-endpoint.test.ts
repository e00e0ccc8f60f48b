import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from './support.ts';

/* The local Neon endpoint outlives the PostgreSQL behind it, whatever it was doing for a client at that time. */

const cleanUp = new AsyncDisposableStack();
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start(cleanUp);
});

afterAll(() => cleanUp.disposeAsync());

function send(query: string, signal?: AbortSignal): Promise<Response> {
  return fetch(cluster.endpoint.url, {
    method: 'POST',
    headers: { 'Neon-Connection-String': cluster.bindings.DATABASE_URL ?? '' },
    body: JSON.stringify({ query }),
    ...(signal ? { signal } : {}),
  });
}

test.skipIf(process.platform === 'win32')('a server that is gone while a statement is being cancelled', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  cleanUp.defer(() => void process.off('unhandledRejection', note));

  const abort = new AbortController();
  const given = expect(send('select pg_sleep(60)', abort.signal)).rejects.toThrow('abort');
  const running = `select pid from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'`;
  let backend: number | undefined;
  while (!backend) backend = (await cluster.ask(running))[0]?.pid as number | undefined;
  // Stopped, it neither hears that it is to cancel nor that its server is gone: the endpoint keeps asking.
  process.kill(backend, 'SIGSTOP');
  try {
    abort.abort();
    await given;
    await cluster.down('kill');
    await sleep(500);
  } finally {
    process.kill(backend, 'SIGKILL');
  }
  await cluster.up();
  expect((await send('select 1')).status).toBe(200);
  expect(unhandled).toEqual([]);
});
