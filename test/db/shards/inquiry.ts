import { randomUUID } from 'node:crypto';
import { DatabaseError, type DatabaseFailure } from '../../../src/db/client/errors.ts';
import { atHome } from '../../../src/db/shards/at-home.ts';
import type { Shards, TenantKeyValues } from '../../../src/db/shards/shards.ts';

/* A tenant is asked for among databases that answer what a test says. */

/** `silent` is one that never answers, `slow` the home, which takes 5 s. */
export type Answer = 'home' | 'slow' | 'silent' | DatabaseFailure;

export const unknown = (shard: string | null = null): DatabaseFailure => ({
  kind: 'rejected',
  code: 'forbidden',
  detail: 'unknown',
  elsewhere: { shard },
});
export const arriving: DatabaseFailure = {
  kind: 'rejected',
  code: 'unavailable',
  detail: 'arriving',
  elsewhere: { shard: null },
};
export const down: DatabaseFailure = { kind: 'unavailable', outage: 'refused' };
export const lost: DatabaseFailure = { kind: 'unavailable', outage: 'lost' };

const url = 'postgres://worker@db.example.com/onetrip';

/** Asks for a tenant whose id gives `a`. @returns what came of it, what was asked in which order, and what was put into the cache */
export async function ask(
  answers: Record<string, Answer>,
  {
    byId = 'a',
    directory,
    cache,
    isRead = true,
    mayLag = false,
    tenantId = randomUUID(),
  }: {
    byId?: string;
    directory?: string | DatabaseError | Promise<never> | undefined;
    /** What it says; an error where it cannot be asked. */
    cache?: string | null | Error | Promise<never>;
    isRead?: boolean;
    mayLag?: boolean;
    tenantId?: string;
  } = {},
) {
  const asked: string[] = [];
  const put: string[] = [];
  const keyValues: TenantKeyValues = {
    get: async () => {
      asked.push('cache');
      if (cache instanceof Error) throw cache;
      return (await cache) ?? null;
    },
    put: async (_, shard) => {
      put.push(shard);
      if (cache instanceof Error) throw cache;
    },
    delete: async () => {},
  };
  const shards: Shards = {
    databases: new Map(Object.keys(answers).map((name) => [name, { url }])),
    byHash: [byId],
    forNew: [byId],
    ...(cache === undefined ? {} : { keyValues }),
    ...(mayLag ? { mayLag } : {}),
  };
  const answerOf = async (shard: string) => {
    const answer = answers[shard];
    if (answer === undefined) throw new Error(`There is no database ${shard}.`);
    if (answer === 'silent') await new Promise(() => {});
    if (answer === 'slow') await new Promise((resolve) => setTimeout(resolve, 5000));
    else if (answer !== 'home') throw new DatabaseError(answer as DatabaseFailure);
    return `answer of ${shard}`;
  };
  const outcome = await atHome({
    shards,
    tenantId,
    isRead,
    ask: async (shard) => {
      asked.push(shard);
      return answerOf(shard);
    },
    probe: async (shard) => {
      asked.push(`${shard}?`);
      return answerOf(shard);
    },
    lookUp: async () => {
      asked.push('directory');
      if (directory instanceof DatabaseError) throw directory;
      return await directory;
    },
    keepAlive: (work) => void work,
  }).catch((error: DatabaseError) => error.failure ?? error);
  return { outcome, asked, put };
}
