import type { Context } from 'hono';
import type { Bindings } from '../config/bindings.ts';
import { type Config, readConfig } from '../config/config.ts';
import { isExampleSecret } from '../config/example-secrets.ts';
import type { Caller } from '../db/client/caller.ts';
import { Database } from '../db/client/database.ts';
import { log } from '../log.ts';
import { unavailable } from '../problem.ts';
import { announceChanges } from './announce-changes.ts';
import type { Env } from './env.ts';

/* For a platform that keeps connections, and does not know the database otherwise. */
export { closePools, openPools } from '../db/client/open-drivers.ts';

/**
 * Opens the database for a request, and puts it into the context. Nothing is sent yet.
 * @param caller who asks, in which operation
 * @param mayLag whether a read replica may answer, which can lack the latest writes
 */
export function openDatabase(
  c: Context<Env>,
  { database, replica, shards }: Config,
  caller: Omit<Caller, 'requestId' | 'traceparent' | 'keepAlive' | 'announce' | 'maxAnswerBytes'>,
  { mayLag = false }: { mayLag?: boolean } = {},
): Database {
  const { requestId, trace } = c.var;
  const { tenantId } = caller;
  const keepAlive = keepAliveOf(c);
  const db = new Database(
    mayLag ? replica : database,
    {
      ...caller,
      requestId,
      ...(trace ? { traceparent: trace.traceparent } : {}),
      keepAlive,
      maxAnswerBytes: c.env.maxAnswerBytes,
      ...(tenantId ? { announce: (shard?: string) => keepAlive(announceChanges(c, tenantId, shard)) } : {}),
    },
    { shards: mayLag ? shards?.replicas : shards?.databases },
  );
  c.set('db', db);
  return db;
}

/** Workers have `waitUntil()`. A process needs nothing like it, and there `executionCtx` throws. */
function keepAliveOf(c: Context<Env>): (work: Promise<unknown>) => void {
  try {
    const { executionCtx } = c;
    return (work) => executionCtx.waitUntil(work.catch(() => {}));
  } catch {
    return () => {};
  }
}

/**
 * The configuration of this deployment.
 * @throws Error with one clear line, which names the binding at fault and holds no value
 */
export async function checkConfig(bindings: Bindings): Promise<Config> {
  const config = readConfig(bindings);
  const { keys } = config.tokens;
  if (!config.isDevelopment && 'secret' in keys && (await isExampleSecret(keys.secret))) {
    throw new Error('JWT_SECRET is a published example, with which anybody can sign: make one of your own');
  }
  return config;
}

/**
 * The same for a request. Where it is wrong, the log says why, and the caller gets 503.
 * @throws Problem `unavailable`
 */
export async function configOf(c: Context<Env>): Promise<Config> {
  try {
    return await checkConfig(c.env);
  } catch (error) {
    log('error', 'configuration', { request_id: c.var.requestId, message: (error as Error).message });
    throw unavailable('This deployment is not set up completely.', 60);
  }
}
