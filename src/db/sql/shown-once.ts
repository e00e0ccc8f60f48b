import { sql } from 'kysely';
import type { Database } from '../client/database.ts';
import type { JsonText } from '../client/read.ts';
import type { WriteResult } from '../client/write.ts';
import { bare } from './json.ts';

/*
 * A secret that an answer shows once. The database is not told it: the answer that it makes, and stores with an idempotency
 * key, has null in its place, as the last member.
 */

/** The last member of such an answer. */
export function shownOnce<Name extends string>(name: Name) {
  return { [name]: bare(sql<string | null>`null`) } as Record<Name, ReturnType<typeof bare<string | null>>>;
}

/**
 * The answer with the secret in it, unless it is a stored one, or that of a dry run, whose secret is good for nothing.
 * @param secret without anything that JSON escapes
 */
export function withSecret<T>(db: Database, result: WriteResult<T>, name: string, secret: string): WriteResult<T> {
  const { body, replayed } = result;
  if (replayed || db.isDryRun || body === null) return result;
  const end = `"${name}":null}`;
  if (!body.endsWith(end)) throw new Error('The answer has no place for the secret.');
  return { ...result, body: `${body.slice(0, -end.length)}"${name}":"${secret}"}` as JsonText<T> };
}
