import type { Context } from 'hono';
import { type Caller, Database } from '../db/client.ts';
import { type Config, readConfig } from './config.ts';
import type { Env } from './context.ts';
import { log } from './log.ts';
import { Problem } from './problems.ts';

/**
 * Opens the database for a request, and puts it into the context. Nothing is sent yet.
 * @param caller who asks, and in which function
 * @param mayLag whether a read replica will do
 * @throws Problem `unavailable` where the deployment is not set up
 */
export function openDatabase(
  c: Context<Env>,
  caller: Omit<Caller, 'requestId' | 'traceparent'>,
  { mayLag = false }: { mayLag?: boolean } = {},
): Database {
  const { database, replica } = configOf(c);
  const { requestId, trace } = c.var;
  const db = new Database(mayLag ? replica : database, {
    ...caller,
    requestId,
    ...(trace ? { traceparent: trace.traceparent } : {}),
  });
  c.set('db', db);
  return db;
}

/**
 * A deployment that is set up wrongly is not the caller's fault, and somebody has to read why.
 * @throws Problem `unavailable`
 */
export function configOf(c: Context<Env>): Config {
  try {
    return readConfig(c.env);
  } catch (error) {
    log('error', 'configuration', { request_id: c.var.requestId, message: (error as Error).message });
    throw new Problem('unavailable', 'This deployment is not set up completely.', { headers: { 'Retry-After': '60' } });
  }
}
