import { neon, neonConfig } from '@neondatabase/serverless';
import type { DatabaseConfig, Driver, OpenDriver } from './driver.ts';

/* Neon's SQL over HTTP: a batch is one HTTP request, and no connection has to be set up. */

// The driver's headers cannot be added to, only replaced; so what is to be a header comes here as an option of fetch.
neonConfig.fetchFunction = (url: string, { traceparent, ...init }: RequestInit & { traceparent?: string }) =>
  fetch(url, traceparent ? { ...init, headers: { ...(init.headers as Record<string, string>), traceparent } } : init);

const ROLLBACK = { sql: 'rollback', parameters: [] };

/** @throws Error where batches would have to name their tenant to a proxy, which does not speak SQL over HTTP */
export function neonDriver({ url, endpoint, shardingKey }: DatabaseConfig): Driver {
  if (shardingKey) throw new Error('SHARDING_KEY is for Node and Lambda: Workers route by SHARDS');
  const sql = neon(url, { fullResults: true, disableWarningInBrowsers: true });
  return {
    batch: async (statements, { readOnly, isDryRun = false, signal, onRoundTrip, traceparent }) => {
      // The driver keeps this setting for the whole module and reads it as it sends.
      if (endpoint) neonConfig.fetchEndpoint = endpoint;
      onRoundTrip?.();
      // Neon commits what has not failed. A statement that raised an error in order to have it rolled back would leave what
      // it carries in the log of PostgreSQL; of one that rolls back by itself, a commit has nothing left.
      const sent = isDryRun ? [...statements, ROLLBACK] : statements;
      const results = await sql.transaction(
        sent.map((statement) => sql.query(statement.sql, [...statement.parameters])),
        {
          isolationLevel: 'ReadCommitted',
          readOnly,
          fetchOptions: { signal, ...(traceparent ? { traceparent } : {}) },
        },
      );
      // The driver takes any list of results for an answer.
      if (results.length !== sent.length) {
        throw new Error(`${results.length} results of ${sent.length} statements`);
      }
      return results.slice(0, statements.length).map(({ rows }) => rows);
    },
  };
}

export const openDriver: OpenDriver = neonDriver;
