import type { Client } from 'pg';

/*
 * The same rows for the peers, in the schema `bench_peers`: plain tables with keys of one column and the indexes that the
 * jobs need, as an application without version numbers, audit log and search would have them. No trigger burdens their
 * writes.
 */

/** The role of the peers that filter by tenant in their queries: its policy lets it see all rows. */
export const ORM = { user: 'bench_orm', password: 'orm' };
/** Logs in for PostgREST and PostGraphile, and becomes `bench_web`, whose policies read the token's claims. */
export const AUTHENTICATOR = { user: 'bench_authenticator', password: 'authenticator' };
export const WEB_ROLE = 'bench_web';

const TABLES = `
create table bench_peers.projects (
  id uuid primary key default uuidv7(),
  tenant_id uuid not null,
  name text not null,
  description text,
  status text not null default 'active',
  metadata jsonb not null default '{}',
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create table bench_peers.tasks (
  id uuid primary key default uuidv7(),
  tenant_id uuid not null,
  project_id uuid not null,
  parent_id uuid,
  title text not null,
  description text,
  status text not null default 'pending',
  priority integer not null default 0,
  due_on date,
  position double precision not null,
  metadata jsonb not null default '{}',
  completed_at timestamptz(3),
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create table bench_peers.tags (
  id uuid primary key default uuidv7(),
  tenant_id uuid not null,
  name text not null,
  color text
);
create table bench_peers.task_tags (
  tenant_id uuid not null,
  task_id uuid not null,
  tag_id uuid not null,
  primary key (task_id, tag_id)
)`;

const COLUMNS = {
  projects: 'id, tenant_id, name, description, status, metadata, version, created_at, updated_at',
  tasks:
    'id, tenant_id, project_id, parent_id, title, description, status, priority, due_on, position, metadata, ' +
    'completed_at, version, created_at, updated_at',
  tags: 'id, tenant_id, name, color',
  task_tags: 'tenant_id, task_id, tag_id',
};

const KEYS = `
create index on bench_peers.projects (tenant_id, created_at desc, id desc);
create index on bench_peers.tasks (project_id, position, id);
create index on bench_peers.tasks (tenant_id, created_at desc, id desc);
create unique index on bench_peers.tags (tenant_id, name);
create index on bench_peers.task_tags (tag_id, task_id);
alter table bench_peers.tasks add foreign key (project_id) references bench_peers.projects (id);
alter table bench_peers.tasks add foreign key (parent_id) references bench_peers.tasks (id);
alter table bench_peers.task_tags add foreign key (task_id) references bench_peers.tasks (id);
alter table bench_peers.task_tags add foreign key (tag_id) references bench_peers.tags (id)`;

/** Row-level security as PostgREST's documentation has it: a policy that reads the claims, once for each statement. */
const CLAIM = `(select (current_setting('request.jwt.claims', true)::json ->> 'tenant_id')::uuid)`;

/**
 * PostgREST inserts into one table at a time, and refers to a function for more: "functions as RPC". It returns the task
 * as the other jobs show it.
 */
const CREATE_TASK = `
create function bench_peers.create_task(project uuid, title text, description text, tags text[]) returns json
language plpgsql as $$
declare
  made bench_peers.tasks;
begin
  insert into bench_peers.tasks (tenant_id, project_id, title, description, position)
  select p.tenant_id, p.id, create_task.title, create_task.description,
    (select coalesce(max(position), 0) + 1 from bench_peers.tasks as t where t.project_id = p.id)
  from bench_peers.projects as p where p.id = project
  returning * into strict made;
  insert into bench_peers.task_tags (tenant_id, task_id, tag_id)
  select made.tenant_id, made.id, g.id from bench_peers.tags as g
  where g.tenant_id = made.tenant_id and g.name = any(create_task.tags);
  return (
    select row_to_json(shown) from (
      select made.*, (
        select json_agg(json_build_object('id', g.id, 'name', g.name, 'color', g.color) order by g.name)
        from bench_peers.task_tags as x join bench_peers.tags as g on g.id = x.tag_id where x.task_id = made.id
      ) as tags
    ) as shown
  );
end
$$`;

/** Makes the schema and its roles. */
export async function makePeerSchema(db: Client): Promise<void> {
  await db.query('create schema bench_peers');
  await db.query(TABLES);
  for (const [table, columns] of Object.entries(COLUMNS)) {
    await db.query(`insert into bench_peers.${table} (${columns}) select ${columns} from public.${table}`);
  }
  await db.query(KEYS);
  await db.query(CREATE_TASK);
  // PostGraphile makes a mutation of this name for the table itself.
  await db.query(`comment on function bench_peers.create_task is '@name create_tagged_task'`);
  await db.query(`create role ${WEB_ROLE} nologin`);
  await db.query(`create role ${ORM.user} login password '${ORM.password}'`);
  await db.query(
    `create role ${AUTHENTICATOR.user} login noinherit password '${AUTHENTICATOR.password}' in role ${WEB_ROLE}`,
  );
  await db.query(`grant usage on schema bench_peers to ${WEB_ROLE}, ${ORM.user}, ${AUTHENTICATOR.user}, onetrip_app`);
  await db.query(`grant select, insert, update on all tables in schema bench_peers to ${WEB_ROLE}, ${ORM.user}`);
  await db.query(`grant execute on all functions in schema bench_peers to ${WEB_ROLE}`);
  for (const table of Object.keys(COLUMNS)) {
    await db.query(`alter table bench_peers.${table} enable row level security`);
    await db.query(
      `create policy tenant on bench_peers.${table} to ${WEB_ROLE}
       using (tenant_id = ${CLAIM}) with check (tenant_id = ${CLAIM})`,
    );
    await db.query(`create policy all_rows on bench_peers.${table} to ${ORM.user} using (true) with check (true)`);
  }
}

/** The finished text of each project of a tenant, to be looked up by its key: how fast an answer could be at best. */
export async function makeTexts(db: Client, tenantId: string, textOf: (id: string) => Promise<string>, ids: string[]) {
  await db.query('create table bench_peers.texts (tenant_id uuid, id uuid, body text, primary key (tenant_id, id))');
  for (const id of ids) {
    await db.query('insert into bench_peers.texts values ($1, $2, $3)', [tenantId, id, await textOf(id)]);
  }
  await db.query('grant select on bench_peers.texts to onetrip_app');
}
