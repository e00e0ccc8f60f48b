import { fileURLToPath } from 'node:url';
import { run } from '../run.ts';

export const migrationsDirectory = fileURLToPath(new URL('../../db/migrations', import.meta.url));

/**
 * Runs dbmate: `up` applies what is missing and makes the database if it is not there, `down` takes the last one back.
 * @param url of the database, as a role that owns it
 * @throws Error with dbmate's own words
 */
export async function migrate(url: string, direction: 'up' | 'down'): Promise<string> {
  const target = new URL(url);
  // dbmate asks for TLS otherwise; the database on this machine has none.
  if (['127.0.0.1', 'localhost'].includes(target.hostname) && !target.searchParams.has('sslmode')) {
    target.searchParams.set('sslmode', 'disable');
  }
  return run('dbmate', ['--no-dump-schema', '--migrations-dir', migrationsDirectory, direction], {
    DATABASE_URL: target.href,
  });
}
