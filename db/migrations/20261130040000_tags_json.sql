-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- The tags of each task as the JSON that callers read, kept on the task: joining them anew for every task that is shown
-- took more than half of the time of a nested read. task_tags stays the truth. stale_tags_json names the tenants of which
-- this text may be older than their tags; theirs is joined as before until refresh_tags_json() has been there.
alter table tasks add column tags_json text not null default '[]';

-- One tag in it.
create function tag_json(id uuid, name text, color text) returns text
language sql stable parallel safe
return '{"id":"' || id || '","name":' || to_json(name) || ',"color":' || coalesce('"' || color || '"', 'null') || '}';
revoke execute on function tag_json(uuid, text, text) from public;
grant execute on function tag_json(uuid, text, text) to onetrip_app;

-- What tags_json has to say.
create function tags_json_of(tenant uuid, task uuid) returns text
language sql stable parallel safe
begin atomic
  select '[' || coalesce(
    string_agg(tag_json(tags.id, tags.name, tags.color), ',' order by tags.name, tags.id), '') || ']'
  from task_tags join tags on tags.id = task_tags.tag_id
  where tags.tenant_id = $1 and task_tags.tenant_id = $1 and task_tags.task_id = $2;
end;
revoke execute on function tags_json_of(uuid, uuid) from public;
grant execute on function tags_json_of(uuid, uuid) to onetrip_app;

-- As before, but that a change of tags_json alone is none: a new name of a tag changes no task's version.
create or replace function stamp_version() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  changed boolean := false;
  tags text;
begin
  -- Comparing two whole rows reads their long texts. What changes in many rows at once is looked at before.
  if kind = 'task' then
    changed := (new.deleted_at, new.project_id, new.position)
      is distinct from (old.deleted_at, old.project_id, old.position);
  elsif kind = 'project' then
    changed := new.deleted_at is distinct from old.deleted_at;
  elsif kind = 'tag' then
    -- Generated from the name, and not computed yet.
    new.key := old.key;
  end if;
  new.version := old.version;
  new.updated_at := old.updated_at;
  -- What trashed a row is no member of it. A purge of several batches changes it, and its If-Match holds for all of them.
  if kind in ('task', 'project') and not changed then
    if new.trash_id is distinct from old.trash_id then
      return new;
    end if;
  end if;
  if kind = 'task' then
    if new.tags_json is distinct from old.tags_json then
      tags := new.tags_json;
      new.tags_json := old.tags_json;
    end if;
  end if;
  if not changed and new is not distinct from old then
    if tags is null then
      return null;
    end if;
    new.tags_json := tags;
    return new;
  end if;
  if tags is not null then
    new.tags_json := tags;
  end if;
  -- What refers to a row, the audit log among it, knows it by these.
  if (new.tenant_id, new.id) is distinct from (old.tenant_id, old.id) then
    raise exception using errcode = 'feature_not_supported', message = 'a row keeps its id and tenant';
  end if;
  new.version := case when old.changed_xid = pg_current_xact_id() then old.version else old.version + 1 end;
  new.changed_xid := pg_current_xact_id();
  new.updated_at := greatest(old.updated_at + interval '1 millisecond', clock_timestamp());
  return new;
end
$$;

-- {member: [before, after]} of one row; what is kept for the database's own sake is left out.
create or replace function changed_members(before jsonb, after jsonb) returns jsonb
language sql stable parallel safe
begin atomic
  select coalesce(
    jsonb_object_agg(key, jsonb_build_array(logged_value(key, before -> key), logged_value(key, after -> key))), '{}')
  from jsonb_object_keys(coalesce(after, before)) as key
  where before -> key is distinct from after -> key
    and coalesce(nullif(before -> key, 'null'), nullif(after -> key, 'null')) is not null
    and key <> all ('{tenant_id,id,task_id,version,updated_at,changed_xid,search,key,trash_id,tags_json}'::text[]);
end;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create or replace function stamp_version() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  changed boolean := false;
begin
  -- Comparing two whole rows reads their long texts. What changes in many rows at once is looked at before.
  if kind = 'task' then
    changed := (new.deleted_at, new.project_id, new.position)
      is distinct from (old.deleted_at, old.project_id, old.position);
  elsif kind = 'project' then
    changed := new.deleted_at is distinct from old.deleted_at;
  elsif kind = 'tag' then
    -- Generated from the name, and not computed yet.
    new.key := old.key;
  end if;
  new.version := old.version;
  new.updated_at := old.updated_at;
  -- What trashed a row is no member of it. A purge of several batches changes it, and its If-Match holds for all of them.
  if kind in ('task', 'project') and not changed then
    if new.trash_id is distinct from old.trash_id then
      return new;
    end if;
  end if;
  if not changed and new is not distinct from old then
    return null;
  end if;
  -- What refers to a row, the audit log among it, knows it by these.
  if (new.tenant_id, new.id) is distinct from (old.tenant_id, old.id) then
    raise exception using errcode = 'feature_not_supported', message = 'a row keeps its id and tenant';
  end if;
  new.version := case when old.changed_xid = pg_current_xact_id() then old.version else old.version + 1 end;
  new.changed_xid := pg_current_xact_id();
  new.updated_at := greatest(old.updated_at + interval '1 millisecond', clock_timestamp());
  return new;
end
$$;

create or replace function changed_members(before jsonb, after jsonb) returns jsonb
language sql stable parallel safe
begin atomic
  select coalesce(
    jsonb_object_agg(key, jsonb_build_array(logged_value(key, before -> key), logged_value(key, after -> key))), '{}')
  from jsonb_object_keys(coalesce(after, before)) as key
  where before -> key is distinct from after -> key
    and coalesce(nullif(before -> key, 'null'), nullif(after -> key, 'null')) is not null
    and key <> all ('{tenant_id,id,task_id,version,updated_at,changed_xid,search,key,trash_id}'::text[]);
end;

drop function tags_json_of;
drop function tag_json;
-- squawk-ignore ban-drop-column
alter table tasks drop column tags_json;
