import type pg from 'pg';
import { value } from '../../db/sessions.ts';
import type { TestApi } from '../../support/api.ts';
import { storedRows } from '../../support/stored.ts';
import { OWNER } from './support-shards.ts';

/* What a move is tried on: rows that are easily lost or changed, and how they are compared. */

/** What a later migration might add: every kind of value that a text could lose, numbers that PostgreSQL gives, a tree. */
export const CANARY = `
  alter table tags add column planted double precision;
  create table canary (
    tenant_id uuid not null references tenants on delete cascade,
    id uuid not null,
    parent_id uuid,
    "Odd name" text,
    n bigint generated always as identity,
    doubled bigint generated always as (length("Odd name") * 2) stored,
    at timestamptz, bytes bytea, ratio real, json jsonb, texts text[], span interval, xid xid8 default pg_current_xact_id(),
    primary key (tenant_id, id),
    foreign key (tenant_id, parent_id) references canary on delete cascade
  );
  alter table canary owner to ${OWNER}, enable row level security, force row level security;
  create policy tenant on canary to onetrip_app using (tenant_id = (select current_tenant()));
  create function canary_fires() returns trigger language plpgsql as $$ begin raise 'The trigger has fired.'; end $$;
  create trigger fires after delete on canary for each row execute function canary_fires();
  select rest_while_copying('canary')`;

/** A tree whose roots come last by their ids, and whose rows are as odd as they get. */
export const plant = (tenant: string) => `
  insert into canary (tenant_id, id, parent_id, "Odd name", at, bytes, ratio, json, texts, span) values
  ('${tenant}', 'f0000000-0000-0000-0000-000000000000', null, e'a\\tb\\n\\\\"(,)', '-infinity', '\\x00ff', 'NaN', 'null', '{"",NULL,"a\\"b"}', '1 mon -3 days'),
  ('${tenant}', 'e0000000-0000-0000-0000-000000000000', 'f0000000-0000-0000-0000-000000000000', '', '2026-01-01 00:00:00.123456Z', '', 0.1, '{"a": 1e400}', '{}', '1 us'),
  ('${tenant}', 'd0000000-0000-0000-0000-000000000000', 'e0000000-0000-0000-0000-000000000000', null, null, null, null, null, null, null)`;

/** All rows of a tenant, without the transactions that wrote them, and without where it is. */
export async function rowsIn(admin: pg.Client, tenantId: string) {
  await admin.query('begin');
  try {
    await admin.query(`set local session_replication_role = replica`);
    for (const table of ['audit_log', 'webhook_outbox', 'canary'])
      await admin.query(`update ${table} set xid = '0' where tenant_id = $1`, [tenantId]);
    for (const table of ['api_keys', 'comments', 'members', 'projects', 'tags', 'tasks', 'webhooks']) {
      await admin.query(`update ${table} set changed_xid = '0' where tenant_id = $1`, [tenantId]);
    }
    await admin.query(`update tenants set placement = 'home', moved_to = null where id = $1`, [tenantId]);
    return await storedRows(admin, tenantId);
  } finally {
    await admin.query('rollback');
  }
}

export const placement = (api: TestApi, tenantId: string) =>
  value<string>(api.database.admin, 'select placement from tenants where id = $1', [tenantId]);
