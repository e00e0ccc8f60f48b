import { parseShards } from '../../src/config/shards.ts';
import { migrate } from './migrate.ts';
import { print, step } from './terminal.ts';

/* Migrations of several databases, as their owners. */

/** A database by its name, with its owner's URL. */
export type Owner = [name: string, url: string];

/**
 * Reads `OWNER_SHARDS`, or else `DATABASE_URL`.
 * @param only the name of one of several
 * @throws Error of one line, which holds no value
 */
export function ownersOf(environment: NodeJS.ProcessEnv, only?: string): Owner[] {
  const { DATABASE_URL, OWNER_SHARDS } = environment;
  if (!OWNER_SHARDS) {
    if (!DATABASE_URL) throw new Error('Neither OWNER_SHARDS nor DATABASE_URL is set: --help says what they are.');
    if (only !== undefined) throw new Error('--only goes with OWNER_SHARDS alone.');
    return [['the database', DATABASE_URL]];
  }
  const urls = parseShards(OWNER_SHARDS);
  if (!urls) throw new Error('OWNER_SHARDS must be JSON of names and postgres:// URLs: {"a": "postgres://…", …}.');
  const all = [...urls];
  const chosen = only === undefined ? all : all.filter(([name]) => name === only);
  if (chosen.length === 0) throw new Error(`OWNER_SHARDS has no ${only}.`);
  return chosen;
}

/**
 * Migrates one after the other, and goes on after one that fails. What is done is printed.
 * @returns the names of those that failed
 */
export async function migrateAll(owners: Owner[]): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, url] of owners) {
    try {
      await step(
        `Migrating ${name}`,
        () => migrate(url, 'up'),
        (output) => `${name}: ${output.match(/^Applied: /gm)?.length ?? 0} migrations applied`,
      );
    } catch (error) {
      failed.push(name);
      const message = (error as Error).message.replaceAll(/postgres(ql)?:\/\/\S+/g, 'postgres://…');
      print(`✗ ${name}: ${message}`, process.stderr);
    }
  }
  return failed;
}
