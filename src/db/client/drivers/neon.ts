import { neon, neonConfig } from '@neondatabase/serverless';
import type { DatabaseConfig, Driver, OpenDriver } from './driver.ts';

/* Neon's SQL over HTTP: a batch is one HTTP request, and no connection has to be set up. */

// The driver's headers cannot be added to, only replaced; so what is to be a header comes here as an option of fetch.
neonConfig.fetchFunction = (url: string, { traceparent, ...init }: RequestInit & { traceparent?: string }) =>
  fetch(url, traceparent ? { ...init, headers: { ...(init.headers as Record<string, string>), traceparent } } : init);

export function neonDriver({ url, endpoint }: DatabaseConfig): Driver {
  const sql = neon(url, { fullResults: true, disableWarningInBrowsers: true });
  return {
    batch: async (statements, { readOnly, signal, onRoundTrip, traceparent }) => {
      // The driver keeps this setting for the whole module and reads it as it sends.
      if (endpoint) neonConfig.fetchEndpoint = endpoint;
      onRoundTrip?.();
      const results = await sql.transaction(
        statements.map((statement) => sql.query(statement.sql, [...statement.parameters])),
        {
          isolationLevel: 'ReadCommitted',
          readOnly,
          fetchOptions: { signal, ...(traceparent ? { traceparent } : {}) },
        },
      );
      // The driver takes any list of results for an answer.
      if (results.length !== statements.length) {
        throw new Error(`${results.length} results of ${statements.length} statements`);
      }
      return results.map(({ rows }) => rows);
    },
  };
}

export const openDriver: OpenDriver = neonDriver;
