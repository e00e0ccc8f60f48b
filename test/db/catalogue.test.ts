import { describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { COURIER_ROLE, JANITOR_ROLE, WORKER_ROLE } from '../support/global-setup.ts';
import { faults, RULES, type Rule } from './catalogue-rules.ts';
import { rolledBack } from './sessions.ts';

const database = useDatabase();

const rules = Object.keys(RULES) as Rule[];

/** A table as it should be, up to its row-level security. */
const CANARY = `
  create table canary (tenant_id uuid references tenants on delete cascade, id uuid, primary key (tenant_id, id));
  alter table canary enable row level security, force row level security;
  create policy tenant on canary to onetrip_app using (tenant_id = (select current_tenant()));
  select expect_distinct('canary', 'tenant_id', 20);`;

const DEFINER = (settings: string) =>
  `create function leak() returns setof tasks language sql security definer ${settings} as 'select * from tasks';`;

const CALLING = (body: string, language = 'plpgsql') =>
  `create function enter() returns void language ${language} as $$ ${body} $$`;

/** For each rule ways to break it, and the faults that it must then tell. */
const PLANTED: Record<Rule, [fault: string, sql: string][]> = {
  'every table belongs to a tenant': [['canary', 'create table canary (id uuid)']],
  'row-level security is enabled and forced': [
    ['canary', `${CANARY} alter table canary disable row level security`],
    ['canary', `${CANARY} alter table canary no force row level security`],
    ['tenants', 'alter table tenants no force row level security'],
    ['aside.canary', 'create schema aside; create table aside.canary (tenant_id uuid, id uuid)'],
  ],
  'every table has a policy for the Worker': [
    ['canary', `${CANARY} drop policy tenant on canary`],
    ['canary', `${CANARY} alter policy tenant on canary to onetrip_search`],
    ['audit_log', 'drop policy tenant on audit_log'],
  ],
  'every policy says nothing but the tenant': [
    ['canary.tenant', `${CANARY} alter policy tenant on canary using (true)`],
    [
      'canary.tenant',
      `${CANARY} alter policy tenant on canary using (tenant_id = (select current_tenant())) with check (true)`,
    ],
    ['canary.more', `${CANARY} create policy more on canary for insert with check (true)`],
    ['tags.more', 'create policy more on tags for select to onetrip_app using (true)'],
    ['tasks.janitor', 'alter policy janitor on tasks using (deleted_at is not null)'],
    ['tags.deletion', 'alter policy deletion on tags using (true)'],
    ['tags.courier', 'create policy courier on tags for select to onetrip_courier using (true)'],
    ['tenants.courier', 'alter policy courier on tenants using (true)'],
    ['tags.janitor', 'create policy janitor on tags to onetrip_janitor using (true)'],
    ['tenants.own_tenant', 'alter policy own_tenant on tenants using (true)'],
    ['tenants.platform', `alter policy platform on tenants with check (true)`],
  ],
  'what works for all tenants leaves those alone that are not at home': [
    ['tags onetrip_janitor', 'drop policy at_home on tags'],
    ['tags onetrip_janitor', 'alter policy at_home on tags using (true)'],
    ['members onetrip_courier', 'grant update (name) on members to onetrip_courier'],
  ],
  'every primary key is led by the tenant': [
    ['canary', `${CANARY} alter table canary drop constraint canary_pkey`],
    ['canary', `${CANARY} alter table canary drop constraint canary_pkey, add primary key (id, tenant_id)`],
  ],
  'every unique index is led by the tenant': [
    ['tags_key_key', 'alter table tags add unique (key)'],
    ['once', 'create unique index once on projects (lower(name), tenant_id)'],
    ['once', 'alter table tags add constraint once exclude using btree (key with =)'],
  ],
  'every foreign key is led by the tenant, on both sides': [
    [
      'tags.plain',
      'alter table projects add unique (id); alter table tags add constraint plain foreign key (id) references projects (id)',
    ],
    ['tags.odd', 'alter table tags add constraint odd foreign key (id, tenant_id) references projects (tenant_id, id)'],
    [
      'tags.odd',
      'create table other (id uuid primary key); alter table tags add constraint odd foreign key (tenant_id) references other',
    ],
    ['aside.plain', 'create table aside (tenant uuid constraint plain references tenants)'],
  ],
  'every tenant is planned alike': [
    ['canary', `${CANARY} alter table canary alter tenant_id set statistics 100`],
    ['tags', `select pg_clear_attribute_stats('public', 'tags', 'tenant_id', false)`],
  ],
  'every tree is planned alike': [
    ['tasks', `select expect_distinct('tasks', 'parent_id', 20)`],
    ['tasks', `select pg_clear_attribute_stats('public', 'tasks', 'parent_id', false)`],
  ],
  'what hangs below goes when its owner goes': [
    ['tags.stays', 'alter table tags add constraint stays foreign key (tenant_id) references tenants'],
  ],
  'no rule is checked at the commit alone': [
    ['canary_id_key', `${CANARY} alter table canary add unique (id) deferrable`],
    [
      'late',
      `${CANARY} create constraint trigger late after insert on canary deferrable for each row execute function refuse_change()`,
    ],
  ],
  'every view asks as who asks it': [
    ['all_tags', 'create view all_tags as select * from tags'],
    ['all_tags', 'create view all_tags with (security_invoker = off) as select * from tags'],
    ['all_tags', 'create materialized view all_tags as select * from tags'],
  ],
  'SECURITY DEFINER is only where it must be': [
    ['leak()', DEFINER('set search_path = pg_catalog, public, pg_temp')],
    ['search_projects(uuid)', `create function search_projects(uuid) returns void language sql security definer as ''`],
  ],
  'SECURITY DEFINER has a pinned search path, the temporary schema last': [
    ['leak()', DEFINER('')],
    ['leak()', DEFINER('set search_path = pg_catalog, public')],
    ['search_projects(text)', 'alter function search_projects(text) reset all'],
  ],
  'a function whose names are looked up when it runs has a pinned search path, too': [
    ['late()', `create function late() returns void language plpgsql as 'begin end'`],
    ['late()', `create function late() returns void language sql as '' set search_path = public`],
    ['set_tenant_context(uuid,text,text,text)', 'alter function set_tenant_context(uuid, text, text, text) reset all'],
  ],
  'nobody may run a function by being PUBLIC': [
    ['tag_key(text)', 'grant execute on function tag_key(text) to public'],
    ['set_tenant_context(uuid,text,text)', 'grant execute on function set_tenant_context(uuid, text, text) to public'],
    [
      'late()',
      'alter default privileges grant execute on functions to public; create function late() returns int language sql return 1',
    ],
  ],
  'nor one that is yet to come': [['postgres', 'alter default privileges grant execute on functions to public']],
  'nobody makes temporary tables by being PUBLIC': [
    [database.name, `do $$ begin execute format('grant temp on database %I to public', current_database()); end $$`],
  ],
  'SECURITY DEFINER acts as a role that can do little': [
    ['leak()', DEFINER('')],
    ['leak()', `${DEFINER('')} create role strong bypassrls; alter function leak() owner to strong`],
    ['leak()', `${DEFINER('')} alter function leak() owner to ${WORKER_ROLE}`],
  ],
  'the Worker cannot make a trigger of a SECURITY DEFINER function': [
    [
      'forge()',
      `create function forge() returns trigger language plpgsql security definer as 'begin end'; grant execute on function forge() to public`,
    ],
  ],
  'no function sets anything for the session': [
    ['enter()', CALLING(`begin perform set_config('app.tenant_id', '', false); end`)],
    [
      'enter()',
      CALLING(`begin perform set_config('app.a', f(g(1)), true), SET_CONFIG ('app.b', coalesce(x, ''), b); end`),
    ],
    ['enter()', `create function enter() returns text language sql return set_config('app.tenant_id', '', false)`],
    ['enter()', CALLING(`begin set app.tenant_id = 'x'; end`)],
    ['enter()', CALLING(`begin if true then set session role onetrip_search; end if; end`)],
  ],
  'every change of a row is audited': [
    ['tags insert', 'drop trigger audit_insert on tags'],
    ['tasks update', 'alter table tasks disable trigger audit_update'],
    [
      'projects delete',
      `drop trigger audit_delete on projects; create trigger audit_delete before delete on projects
      for each statement execute function write_audit_log('project', 'id'); select rest_while_copying('projects')`,
    ],
    [
      'projects insert',
      `drop trigger audit_insert on projects; create trigger audit_insert after insert on projects
      for each statement when (current_user <> 'ann') execute function write_audit_log('project', 'id');
      select rest_while_copying('projects')`,
    ],
  ],
  'every trigger rests while rows are copied': [
    [
      'tags.more',
      `create trigger more before insert on tags for each row when (new.color is null) execute function refuse_change()`,
    ],
    [
      'tasks.status',
      'drop trigger status on tasks; create trigger status before insert or update of status on tasks for each row execute function keep_status_rules()',
    ],
  ],
  'the log of a changed task names every column that callers know': [
    ['tasks.estimate', 'alter table tasks add column estimate integer'],
  ],
  'who logs in is an ordinary role': [
    [WORKER_ROLE, `alter role ${WORKER_ROLE} bypassrls`],
    [WORKER_ROLE, `alter role ${WORKER_ROLE} superuser`],
    [JANITOR_ROLE, `alter role ${JANITOR_ROLE} createrole`],
  ],
  'who logs in is a member of one role and of nothing else': [
    [`${WORKER_ROLE} of strong`, `create role strong bypassrls; grant strong to ${WORKER_ROLE}`],
    [`${WORKER_ROLE} of strong`, 'create role strong bypassrls; grant strong to onetrip_app with inherit false'],
    [`${WORKER_ROLE} of onetrip_search`, 'grant onetrip_search to onetrip_app'],
    [`${JANITOR_ROLE} of onetrip_app`, `grant onetrip_app to ${JANITOR_ROLE}`],
    [`${WORKER_ROLE} not of onetrip_app`, `revoke onetrip_app from ${WORKER_ROLE}`],
  ],
  'that role is an ordinary one, as which nobody logs in': [
    ['onetrip_app', 'alter role onetrip_app bypassrls'],
    ['onetrip_app', 'alter role onetrip_app login'],
  ],
  'who logs in owns nothing': [
    ['table tags', `alter table tags owner to ${WORKER_ROLE}`],
    ['function tag_key(text)', 'alter function tag_key(text) owner to onetrip_app'],
  ],
  'who logs in reads and writes rows, and does nothing else with tables': [
    ['tags truncate', 'grant truncate on tags to onetrip_app'],
    ['tags trigger', `grant trigger on tags to ${WORKER_ROLE}`],
    ['tags maintain', 'grant maintain on tags to onetrip_janitor'],
    ['tags references', 'grant references (id) on tags to onetrip_app'],
  ],
  'who logs in writes no audit log': [
    ['insert', 'grant insert on audit_log to onetrip_app'],
    ['update', 'grant update (changes) on audit_log to onetrip_app'],
    ['delete', 'grant delete on audit_log to public'],
  ],
  'who logs in makes no objects': [
    ['public', 'grant create on schema public to public'],
    ['aside', 'create schema aside; grant create on schema aside to onetrip_app'],
  ],
  'the courier notes what has come of deliveries, and changes nothing else': [
    ['webhook_deliveries.body', 'grant update (body) on webhook_deliveries to onetrip_courier'],
    ['webhook_secrets.sealed', 'grant update (sealed) on webhook_secrets to onetrip_courier'],
    ['tasks.title', `grant insert (title) on tasks to ${COURIER_ROLE}`],
  ],
  'the janitor takes away, and neither adds nor changes': [
    ['tasks.title', 'grant update (title) on tasks to onetrip_janitor'],
    ['tags.id', 'grant insert (id) on tags to public'],
  ],
};

describe.each(rules)('%s', (rule) => {
  test('holds', async () => {
    expect(await faults(database.admin, rule)).toEqual([]);
  });

  test.each(PLANTED[rule])('is broken by a planted fault (%#: %s)', async (fault, sql) => {
    await rolledBack(database.admin, async (admin) => {
      const before = await faults(admin, rule);
      await admin.query(sql);
      expect((await faults(admin, rule)).filter((found) => !before.includes(found))).toEqual([fault]);
    });
  });
});

test('a table that keeps all rules breaks none', async () => {
  const allFaults = async () => {
    const found: Record<string, string[]> = {};
    for (const rule of rules) found[rule] = await faults(database.admin, rule);
    return found;
  };
  await rolledBack(database.admin, async (admin) => {
    const before = await allFaults();
    await admin.query(`${CANARY}
      grant select, insert, delete on canary to onetrip_app;
      create trigger audit_insert after insert on canary referencing new table as new_rows
      for each statement execute function write_audit_log('canary', 'id');
      create trigger audit_delete after delete on canary referencing old table as old_rows
      for each statement execute function write_audit_log('canary', 'id');
      select rest_while_copying('canary');
      create view canaries with (security_invoker) as select * from canary`);
    expect(await allFaults()).toEqual(before);
  });
});
