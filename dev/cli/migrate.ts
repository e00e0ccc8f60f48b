import { migrateAll, ownersOf } from '../local/migrate-all.ts';
import { print } from '../local/terminal.ts';
import { optionsOrExit, readOptions } from './options.ts';

/* `npm run migrate`: applies the migrations that are new, to one database or to several, one after the other. */

const USAGE = `Applies the migrations that a database lacks, before the release that needs them is deployed.

  DATABASE_URL='postgres://<owner>:<password>@<host>/<database>' npm run migrate
  OWNER_SHARDS='{"a": "postgres://<owner>:…", "b": …}' npm run migrate
  OWNER_SHARDS=… npm run migrate -- --only b

The URLs are the owner's. Of several databases it goes on after one that fails, says which these are, and ends with 1. The
release that runs meanwhile works with both, so that it may be run again at any time.

  --only <name>    one of several databases`;

const { only } = optionsOrExit(USAGE, (args, env) => readOptions({ only: { type: 'string' } }, args, env));
try {
  const owners = ownersOf(process.env, only);
  const failed = await migrateAll(owners);
  if (failed.length > 0) throw new Error(`Not migrated: ${failed.join(', ')}.`);
} catch (error) {
  print((error as Error).message, process.stderr);
  process.exitCode = 1;
}
