import type { Context } from 'hono';
import { type Config, readConfig } from '../config/config.ts';
import { isExampleSecret } from '../config/example-secrets.ts';
import { type Caller, Database } from '../db/client/database.ts';
import { log } from '../log.ts';
import { unavailable } from '../problem.ts';
import type { Env } from './env.ts';

/**
 * Opens the database for a request, and puts it into the context. Nothing is sent yet.
 * @param caller who asks, in which operation
 * @param mayLag whether a read replica will do
 */
export function openDatabase(
  c: Context<Env>,
  { database, replica }: Config,
  caller: Omit<Caller, 'requestId' | 'traceparent' | 'keepAlive'>,
  { mayLag = false }: { mayLag?: boolean } = {},
): Database {
  const { requestId, trace } = c.var;
  const db = new Database(mayLag ? replica : database, {
    ...caller,
    requestId,
    ...(trace ? { traceparent: trace.traceparent } : {}),
    ...keepAlive(c),
  });
  c.set('db', db);
  return db;
}

/** Workers have `waitUntil`; a process goes on by itself, and there Hono throws for want of it. */
function keepAlive(c: Context<Env>): Pick<Caller, 'keepAlive'> {
  try {
    const { executionCtx } = c;
    return { keepAlive: (work) => executionCtx.waitUntil(work.catch(() => {})) };
  } catch {
    return {};
  }
}

/**
 * The configuration of this deployment. One that is wrong is not the caller's fault, and somebody has to read why.
 * @throws Problem `unavailable`
 */
export async function configOf(c: Context<Env>): Promise<Config> {
  try {
    const config = readConfig(c.env);
    const { keys } = config.tokens;
    if (!config.isDevelopment && 'secret' in keys && (await isExampleSecret(keys.secret))) {
      throw new Error('JWT_SECRET is a published example, with which anybody can sign: make one of your own');
    }
    return config;
  } catch (error) {
    log('error', 'configuration', { request_id: c.var.requestId, message: (error as Error).message });
    throw unavailable('This deployment is not set up completely.', 60);
  }
}
