import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Driver, Row } from '../../../src/db/client/drivers/driver.ts';
import { pgDriver } from '../../../src/db/client/drivers/pg.ts';
import type { TestDatabase } from '../../support/database.ts';

/** A batch in a test: SQL, or SQL with parameters. */
export type Sql = string | [sql: string, ...parameters: unknown[]];

export interface Session {
  /** Runs a batch that may write. */
  run(...statements: Sql[]): Promise<Row[][]>;
  /** Runs one that may not. */
  read(...statements: Sql[]): Promise<Row[][]>;
  /** Runs one of which nothing stays. */
  dryRun(...statements: Sql[]): Promise<Row[][]>;
  driver: Driver;
}

/** What a test asks a driver with. */
export function sessionOf(driver: Driver, signal: AbortSignal = AbortSignal.timeout(20_000)): Session {
  const batch = (statements: Sql[], readOnly: boolean, isDryRun = false) =>
    driver.batch(
      statements.map((statement) => {
        const [sql, ...parameters] = typeof statement === 'string' ? [statement] : statement;
        return { sql, parameters };
      }),
      { readOnly, isDryRun, signal },
    );
  return {
    driver,
    run: (...sql) => batch(sql, false),
    read: (...sql) => batch(sql, true),
    dryRun: (...sql) => batch(sql, false, true),
  };
}

/** The superuser's URL of a test's database, at another port where something stands between. */
export function superuserUrl({ admin }: TestDatabase, port = admin.port): string {
  const { user, password, database } = admin;
  return `postgres://${user}:${encodeURIComponent(String(password))}@127.0.0.1:${port}/${database}`;
}

/** Asks a test's database over PostgreSQL's own protocol. */
export function pgSession(database: TestDatabase, { port, connections }: { port?: number; connections?: number } = {}) {
  return sessionOf(pgDriver({ url: superuserUrl(database, port) }, connections));
}

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string; severity?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail.');
}

/**
 * A way to PostgreSQL that notes what is written to it, as the types of the messages (manual, §54.7) and as it is: a string of
 * each for each write. It is gone when the test is over.
 */
export async function startTap(postgresPort: number): Promise<{ port: number; writes: string[]; bytes: string[] }> {
  const writes: string[] = [];
  const bytes: string[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(postgresPort, '127.0.0.1');
    for (const socket of [client, server]) sockets.add(socket.on('error', () => {}));
    server.pipe(client);
    client.pipe(server);
    client.on('data', (chunk: Buffer) => {
      let types = '';
      for (let at = 0; at < chunk.length; at += 1 + chunk.readInt32BE(at + 1))
        types += String.fromCharCode(chunk[at] ?? 0);
      writes.push(types);
      bytes.push(chunk.toString('latin1'));
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  await once(listener, 'listening');
  return { port: (listener.address() as AddressInfo).port, writes, bytes };
}
