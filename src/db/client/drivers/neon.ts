import { NeonDbError, neon, neonConfig } from '@neondatabase/serverless';
import { DatabaseError } from '../errors.ts';
import type { DatabaseConfig, Driver, OpenDriver } from './driver.ts';

/* Neon's SQL over HTTP: a batch is one HTTP request, and no connection has to be set up. */

/** What Neon's proxy takes of a request (bytes, `--sql-over-http-max-request-size-bytes`). Of a longer one it ends the connection. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

interface SentRequest extends RequestInit {
  body: string;
  traceparent?: string;
  onRoundTrip?: () => void;
}

// The driver's headers cannot be added to, only replaced, and how long its request is, nobody else knows; so what is needed
// here comes as options of fetch.
neonConfig.fetchFunction = (url: string, { traceparent, onRoundTrip, ...init }: SentRequest) => {
  if (isLonger(init.body, MAX_REQUEST_BYTES)) {
    const detail = 'This would take more than 10 MiB to carry out; send less of it at once.';
    throw new DatabaseError({ kind: 'rejected', code: 'unprocessable', detail });
  }
  onRoundTrip?.();
  return fetch(
    url,
    traceparent ? { ...init, headers: { ...(init.headers as Record<string, string>), traceparent } } : init,
  );
};

/** Whether a text has more than so many bytes in UTF-8, of which a UTF-16 code unit takes one to three. */
function isLonger(text: string, bytes: number): boolean {
  if (text.length * 3 <= bytes) return false;
  return text.length > bytes || new TextEncoder().encode(text).length > bytes;
}

const ROLLBACK = { sql: 'rollback', parameters: [] };

/** @throws Error where batches would have to name their tenant to a proxy, which does not speak SQL over HTTP */
export function neonDriver({ url, endpoint, shardingKey }: DatabaseConfig): Driver {
  if (shardingKey) throw new Error('SHARDING_KEY is for Node and Lambda: Workers route by SHARDS');
  const sql = neon(url, { fullResults: true, disableWarningInBrowsers: true });
  return {
    batch: async (statements, { readOnly, isDryRun = false, signal, onRoundTrip, traceparent }) => {
      // The driver keeps this setting for the whole module and reads it as it sends.
      if (endpoint) neonConfig.fetchEndpoint = endpoint;
      // Neon commits what has not failed. A statement that raised an error in order to have it rolled back would leave what
      // it carries in the log of PostgreSQL; of one that rolls back by itself, a commit has nothing left.
      const sent = isDryRun ? [...statements, ROLLBACK] : statements;
      const results = await sql
        .transaction(
          sent.map((statement) => sql.query(statement.sql, [...statement.parameters])),
          {
            isolationLevel: 'ReadCommitted',
            readOnly,
            fetchOptions: { signal, onRoundTrip, ...(traceparent ? { traceparent } : {}) },
          },
        )
        .catch((error) => {
          throw error instanceof NeonDbError && error.sourceError instanceof DatabaseError ? error.sourceError : error;
        });
      // The driver takes any list of results for an answer.
      if (results.length !== sent.length) {
        throw new Error(`${results.length} results of ${sent.length} statements`);
      }
      return results.slice(0, statements.length).map(({ rows }) => rows);
    },
  };
}

export const openDriver: OpenDriver = neonDriver;
