import { readdir } from 'node:fs/promises';
import type { Client } from 'pg';
import { sqlState } from '../../src/db/client/errors.ts';
import { migrationsDirectory } from '../local/migrate.ts';
import { AS_OWNER, logIn } from './connection.ts';
import { type Finding, good, note, type Target, wrong } from './finding.ts';
import { checkGroupRole, checkOwner } from './role-rights.ts';

/* A database: whether it can be reached, is new enough, has all migrations, and lets in a role of the right kind. */

/** How many names of missing migrations are shown. */
const SHOWN = 3;

/**
 * Checks the database that a variable names.
 * @param group whose rights the role is to have and no others; undefined for the owner, as `npm run dev` needs it
 */
export async function checkDatabase(
  variable: string,
  url: string,
  { target, group }: { target: Target; group: string | undefined },
): Promise<Finding[]> {
  const client = await logIn(variable, url, target);
  if ('is' in client) return [client];
  try {
    const { rows } = await client.query<{ version: string; number: number; host: string; user: string; name: string }>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::integer as number,
         current_user as "user", current_database() as name`,
    );
    const [{ version, number, user, name } = { version: '', number: 0, user: '', name: '' }] = rows;
    const server = `${variable}: PostgreSQL ${version.split(' ')[0]} at ${client.host}:${client.port}`;
    if (number < 180_000) return [wrong(server, 'PostgreSQL 18 or newer is needed')];
    return [
      good(`${server}, database ${name}, as ${user}`),
      ...(await checkMigrations(client, variable, target)),
      ...(group ? [await checkGroupRole(client, variable, group)] : [await checkOwner(client, variable)]),
    ];
  } catch (error) {
    const state = sqlState(error);
    if (!state) throw error;
    return [wrong(`${variable}: PostgreSQL refused a question with SQLSTATE ${state}`, 'look into its log')];
  } finally {
    await client.end();
  }
}

/** Which of the migrations in `db/migrations` the database lacks. Nothing, where the role may not see it: the janitor's. */
async function checkMigrations(client: Client, variable: string, target: Target): Promise<Finding[]> {
  const files = (await readdir(migrationsDirectory)).filter((file) => file.endsWith('.sql')).sort();
  let applied: string[];
  try {
    const { rows } = await client.query<{ version: string }>('select version from schema_migrations');
    applied = rows.map(({ version }) => version);
  } catch (error) {
    // Insufficient privilege; undefined table, where dbmate has not been.
    if (sqlState(error) === '42501') return [];
    if (sqlState(error) !== '42P01') throw error;
    applied = [];
  }
  const missing = files.filter((file) => !applied.includes(versionOf(file)));
  const unknown = applied.filter((version) => !files.some((file) => versionOf(file) === version));
  if (missing.length > 0) {
    const names = missing.slice(0, SHOWN).map((file) => file.replace(/\.sql$/, ''));
    const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : '';
    const text = `${variable}: ${missing.length} of ${files.length} migrations are missing: ${names.join(', ')}${more}`;
    return target === 'dev'
      ? [note(`${text}: npm run dev applies them`)]
      : [wrong(text, `npx dbmate --no-dump-schema up, ${AS_OWNER}`)];
  }
  if (unknown.length > 0) {
    return [note(`${variable}: all ${files.length} migrations, and ${unknown.length} that this version does not know`)];
  }
  return [good(`${variable}: all ${files.length} migrations`)];
}

function versionOf(file: string): string {
  return file.split('_')[0] ?? '';
}
