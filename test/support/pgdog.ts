import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PGDOG_DATABASE, pgdogFiles, shardedTables } from '../../dev/local/pgdog.ts';
import { freePort } from './free-port.ts';

/* PgDog, where there is one on the PATH: no package that this project uses has it. */

/** How long it may take until it lets somebody in (ms). */
const START_TIMEOUT_MS = 20_000;

/** The program, if there is one. */
export const PGDOG = (process.env.PATH ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'pgdog'))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/**
 * Starts PgDog before databases, as `npm run pgdog-config` configures it.
 * @param shards their URLs by name, for a role with the same password in all of them
 * @param cleanUp then has what ends it
 * @returns the URL at which it takes the place of one database
 */
export async function startPgdog(shards: ReadonlyMap<string, string>, cleanUp: AsyncDisposableStack): Promise<string> {
  const [first = ''] = shards.values();
  const client = new pg.Client({ connectionString: first });
  await client.connect();
  const tables = await shardedTables(client).finally(() => client.end());
  const directory = await mkdtemp(join(tmpdir(), 'onetrip-pgdog-'));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const port = await freePort();
  for (const [name, content] of Object.entries(pgdogFiles(shards, tables, { host: '127.0.0.1', port }))) {
    await writeFile(join(directory, name), content, { mode: 0o600 });
  }
  const child = spawn(PGDOG ?? 'pgdog', [], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  cleanUp.defer(() => end(child));
  const url = new URL(first);
  url.host = `127.0.0.1:${port}`;
  url.pathname = `/${PGDOG_DATABASE}`;
  for (const deadline = performance.now() + START_TIMEOUT_MS; !(await letsIn(url.href)); await sleep(100)) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`PgDog does not start: ${output}`);
  }
  return url.href;
}

/** The name of the database to which PgDog sends what is a tenant's. */
export async function databaseBehind(url: string, tenant: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`set local pgdog.sharding_key to '${tenant}'`);
    const { rows } = await client.query('select current_database() as name');
    return rows[0].name;
  } finally {
    await client.end();
  }
}

/** Whether somebody can log in there. */
async function letsIn(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  const isIn = await client.connect().then(
    () => true,
    () => false,
  );
  await client.end().catch(() => {});
  return isIn;
}

/** It would wait a minute for its clients to go. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
