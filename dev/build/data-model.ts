import type { ClientBase } from 'pg';
import type { DB } from '../../src/db/types.ts';
import { markdownTable } from './markdown-table.ts';

/*
 * What docs/data-model.md shows of the schema: a picture of the tables, their columns and how they refer to each other, as
 * PostgreSQL's catalogue says it, and a sentence for each. A table without one does not compile.
 */

/** What is in each table; `for` itself alone, not to be shown by any endpoint. */
const TABLES: Record<keyof DB, { holds: string; isInternal?: true }> = {
  tenants: { holds: 'whom all other rows belong to; `deleting` ones are purged by the scheduled function' },
  projects: { holds: 'projects, those in the trash among them (`deleted_at`)' },
  tasks: {
    holds:
      'tasks and subtasks; parts of their JSON as text, made by triggers (`own_json`, `tags_json`, `assignees_json`)',
  },
  tags: { holds: 'tags; `key` is the name as it is compared' },
  task_tags: { holds: 'which task has which tag' },
  members: { holds: 'people, by the `subject` of their tokens if they sign in' },
  assignees: { holds: 'who works on a task, in which role' },
  dependencies: { holds: 'which task waits for which other one' },
  comments: { holds: 'what is said about a task' },
  comment_mentions: { holds: 'whom a comment mentions, in which order', isInternal: true },
  api_keys: { holds: 'API keys, as the SHA-256 of their secret' },
  webhooks: { holds: 'URLs that are told of changes' },
  webhook_secrets: { holds: 'what signs their deliveries, encrypted', isInternal: true },
  webhook_outbox: { holds: 'changes of which deliveries are to be made, written with them', isInternal: true },
  webhook_deliveries: { holds: 'what is to be sent to them, and what has been, for 30 days' },
  audit_log: { holds: 'every change of a row, who made it and in which request' },
  idempotency_keys: { holds: 'responses stored for an `Idempotency-Key`, for 24 hours', isInternal: true },
  idempotency_mentions: {
    holds: 'which resources a stored response shows, so that a purge finds it',
    isInternal: true,
  },
  project_search: { holds: 'the words of projects, for `q`', isInternal: true },
  task_search: { holds: 'the words of tasks', isInternal: true },
  member_search: { holds: 'the words of members', isInternal: true },
  comment_search: { holds: 'the words of comments', isInternal: true },
  tenant_directory: {
    holds: 'which of several databases is a tenant’s home, where its id does not tell; in the first of them',
    isInternal: true,
  },
  stale_tags_json: { holds: 'what the scheduled function has to write anew on tasks', isInternal: true },
};

interface Column {
  table: keyof DB;
  name: string;
  type: string;
  is_key: boolean;
  is_reference: boolean;
}

interface Reference {
  table: keyof DB;
  to: keyof DB;
  /** Its columns but for the tenant's. */
  columns: string[];
  is_optional: boolean;
  /** Whether there is one row at most. */
  is_single: boolean;
}

/**
 * The part of docs/data-model.md that is made from the schema.
 * @param client logged in to a migrated database
 */
export async function dataModel(client: ClientBase): Promise<string> {
  const { rows: columns } = await client.query<Column>(`
    select relname as table, attname as name, typname as type,
      exists (select from pg_constraint where conrelid = attrelid and contype = 'p' and attnum = any(conkey)) as is_key,
      exists (select from pg_constraint where conrelid = attrelid and contype = 'f' and attnum = any(conkey)) as is_reference
    from pg_attribute join pg_class on pg_class.oid = attrelid join pg_type on pg_type.oid = atttypid
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname <> 'schema_migrations' and attnum > 0 and not attisdropped
    order by attrelid, attnum`);
  const { rows: references } = await client.query<Reference>(`
    select child.relname as table, parent.relname as to,
      array_agg(attname::text order by attnum) filter (where attname <> 'tenant_id') as columns,
      bool_or(not attnotnull) as is_optional,
      exists (select from pg_index where indrelid = conrelid and indisunique
        and indkey::smallint[] <@ conkey and indpred is null) as is_single
    from pg_constraint
    join pg_class as child on child.oid = conrelid join pg_class as parent on parent.oid = confrelid
    join pg_attribute on attrelid = conrelid and attnum = any(conkey)
    where contype = 'f' and connamespace = 'public'::regnamespace and not child.relispartition
    group by pg_constraint.oid, child.oid, parent.oid
    having bool_or(attname <> 'tenant_id')
    order by child.relname, 3`);
  const names = Object.keys(TABLES) as (keyof DB)[];
  const shown = names.filter((name) => !TABLES[name].isInternal);
  const internal = names.filter((name) => TABLES[name].isInternal);
  const diagram = (tables: (keyof DB)[]) =>
    picture(
      columns.filter(({ table }) => tables.includes(table)),
      references.filter(({ table }) => tables.includes(table)),
    );
  return [
    tableOf(shown),
    diagram(shown.filter((name) => name !== 'tenants')),
    '## What is made from them, or kept for a while\n',
    tableOf(internal),
    diagram(internal),
  ].join('\n');
}

function tableOf(names: (keyof DB)[]): string {
  return markdownTable([['table', 'what it holds'], ...names.map((name) => [`\`${name}\``, TABLES[name].holds])]);
}

/** Mermaid's entity relationship diagram (https://mermaid.js.org/syntax/entityRelationshipDiagram.html). */
function picture(columns: Column[], references: Reference[]): string {
  const tables = Map.groupBy(columns, ({ table }) => table);
  const lines = [
    ...references.map(({ table, to, columns, is_optional, is_single }) => {
      const ends = `${is_optional ? '|o' : '||'}--${is_single ? 'o|' : 'o{'}`;
      return `${to} ${ends} ${table} : ${columns.join('_')}`;
    }),
    ...[...tables].flatMap(([table, its]) => [
      `${table} {`,
      ...its
        .filter(({ name }) => name !== 'tenant_id')
        .map(({ type, name, is_key, is_reference }) => {
          const keys = [...(is_key ? ['PK'] : []), ...(is_reference ? ['FK'] : [])].join(', ');
          return `  ${type.replace(/^_(.+)$/, '$1[]')} ${name}${keys && ` ${keys}`}`;
        }),
      '}',
    ]),
  ];
  return ['```mermaid', 'erDiagram', ...lines.map((line) => `  ${line}`), '```', ''].join('\n');
}
