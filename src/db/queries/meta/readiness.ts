import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';

interface Readiness {
  /** The newest migration that the database has, from dbmate's table of them. */
  schemaVersion: string | null;
  /**
   * Whether the role that asks bypasses row-level security, or can switch it off: it is or may become a role other than
   * `onetrip_app` (PostgreSQL manual §5.9: superusers, BYPASSRLS, owners), or a table is open to it.
   */
  bypassesRowSecurity: boolean;
}

/** What must be right before the API can serve. Uses tables that the generated types leave out. */
export async function readiness(db: Database): Promise<Readiness | undefined> {
  const { rows } = await sql<Readiness>`
    select
      (select max(version) from schema_migrations) as "schemaVersion",
      exists (
        select from pg_roles
        where pg_has_role(current_user, oid, 'member') and (
          rolsuper or rolbypassrls or rolname not in (current_user, 'onetrip_app')
          or exists (select from pg_class where relowner = pg_roles.oid)
        )
      ) or exists (
        select from pg_attribute as a join pg_class as c on c.oid = a.attrelid
        where a.attname = 'tenant_id' and c.relkind in ('r', 'p')
          and c.relnamespace = 'public'::regnamespace and not row_security_active(c.oid)
      ) as "bypassesRowSecurity"`.execute(db.query);
  return rows[0];
}
