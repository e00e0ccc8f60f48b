import { fileURLToPath } from 'node:url';
import { run } from '../run.ts';

export const migrationsDirectory = fileURLToPath(new URL('../../db/migrations', import.meta.url));

/**
 * Runs dbmate: `up` creates the database if needed and applies all new migrations, `down` reverts the last one.
 * @param url of the database, as a role that owns it
 * @throws Error with dbmate's output
 */
export async function migrate(url: string, direction: 'up' | 'down'): Promise<string> {
  const target = new URL(url);
  // Without sslmode dbmate demands TLS, which a database on this machine does not have.
  if (['127.0.0.1', 'localhost'].includes(target.hostname) && !target.searchParams.has('sslmode')) {
    target.searchParams.set('sslmode', 'disable');
  }
  return run('dbmate', ['--no-dump-schema', '--migrations-dir', migrationsDirectory, direction], {
    DATABASE_URL: target.href,
  });
}
