import type { Bindings } from '../config/bindings.ts';
import type { Database } from '../db/client/database.ts';
import type { ReadOptions } from '../db/client/read.ts';
import type { WriteOptions } from '../db/client/write.ts';
import type { Trace } from './request/trace-context.ts';

/** What a handler finds in Hono's context, as `c.var`. */
export interface Variables {
  requestId: string;
  trace: Trace | undefined;
  /** The tenant of the token, once the token has been verified. */
  tenantId: string | undefined;
  /** The `RateLimit-Policy` of a request that is counted. */
  rateLimitPolicy: string | undefined;
  /** The database, opened for the caller. Endpoints that need none have none. */
  db: Database;
  /** What the request's headers ask of a read, for the query function of a GET. */
  read: ReadOptions;
  /** The success status of the endpoint and what the request's headers ask of a write, for the query function of a write. */
  write: WriteOptions;
}

export interface Env {
  /** Beside the bindings, what a request within this process asks of its answer: see `src/http/mcp/dispatch.ts`. */
  Bindings: Bindings & { maxAnswerBytes?: number };
  Variables: Variables;
}
