import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { parseShards } from '../../src/config/shards.ts';
import { PGDOG_DATABASE, pgdogFiles, type ShardedTable, shardedTables } from '../local/pgdog.ts';
import { print } from '../local/terminal.ts';
import { optionsOrExit, readOptions } from './options.ts';

/* `npm run pgdog-config`: writes the configuration of PgDog for the databases of `SHARDS`, as docs/pgdog.md says. */

const USAGE = `Writes pgdog.toml and users.toml, for PgDog before the databases of SHARDS. Both hold passwords.

  SHARDS='{"a": "postgres://onetrip_worker:…", "b": …}' npm run pgdog-config -- --to /etc/pgdog

Which tables have a tenant's rows is read from the databases, which must agree on it: run it after each migration that makes a
table, and have PgDog read it again (kill -HUP), before the release that uses that table.

  --to <directory>   where the files go (default: .)
  --host <address>   where PgDog listens (default: 127.0.0.1)
  --port <port>      (default: 6432)`;

const DEFAULTS = { to: '.', host: '127.0.0.1', port: '6432' };

const options = optionsOrExit(USAGE, (args, env) =>
  readOptions({ to: { type: 'string' }, host: { type: 'string' }, port: { type: 'string' } }, args, env),
);
const { to, host, port } = { ...DEFAULTS, ...options };

try {
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)
    throw new Error('--port must be a number from 1 to 65535.');
  const shards = parseShards(process.env.SHARDS ?? '');
  if (!shards) throw new Error('SHARDS must be JSON of names and postgres:// URLs: {"a": "postgres://…", …}.');
  const tables = await tablesOfAll([...shards]);
  await mkdir(to, { recursive: true });
  for (const [name, content] of Object.entries(pgdogFiles(shards, tables, { host, port: Number(port) }))) {
    await writeFile(join(to, name), content, { mode: 0o600 });
    print(`wrote ${join(to, name)}`);
  }
  print(
    `${shards.size} databases, ${tables.length} tables. DATABASE_URL is postgres://…@${host}:${port}/${PGDOG_DATABASE}`,
  );
} catch (error) {
  print((error as Error).message, process.stderr);
  process.exitCode = 1;
}

/** @throws Error of one line where a database cannot be asked, is not migrated, or has other tables than the first one */
async function tablesOfAll(shards: [name: string, url: string][]): Promise<ShardedTable[]> {
  const found = await Promise.all(
    shards.map(async ([name, url]) => {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
      client.on('error', () => {});
      try {
        await client.connect();
        return await shardedTables(client);
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`);
      } finally {
        await client.end().catch(() => {});
      }
    }),
  );
  const [first = []] = found;
  if (first.length === 0) throw new Error(`${shards[0]?.[0]} has no tables: migrate it first.`);
  const other = found.findIndex((tables) => !isDeepStrictEqual(tables, first));
  if (other >= 0) throw new Error(`${shards[0]?.[0]} and ${shards[other]?.[0]} have different tables: migrate both.`);
  return first;
}
