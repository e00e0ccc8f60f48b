import { sql } from 'kysely';
import type { Database } from '../client.ts';

/** The newest migration that the database has: dbmate's table of them, which the generated types leave out. */
export async function schemaVersion(db: Database): Promise<string | null | undefined> {
  const { rows } = await sql<{ version: string | null }>`select max(version) as version from schema_migrations`.execute(
    db.query,
  );
  return rows[0]?.version;
}
