import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  DummyDriver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import type { Row } from './drivers/driver.ts';

/**
 * A Kysely dialect for PostgreSQL without connections of its own: each query that is executed is handed to `execute`.
 * Kysely's transactions and streams are not supported, because a batch is a transaction by itself.
 */
export function batchDialect(execute: (query: CompiledQuery) => Promise<Row[]>): Dialect {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) => ({ rows: (await execute(query)) as R[] }),
    streamQuery: () => {
      throw new Error('A batch cannot be streamed.');
    },
  };
  class BatchDriver extends DummyDriver {
    override async acquireConnection() {
      return connection;
    }
    override async beginTransaction() {
      throw new Error('A batch is a transaction by itself: use Database.write().');
    }
  }
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new BatchDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}
