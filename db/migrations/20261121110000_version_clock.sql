-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Replaces stamp_change(), with the kind of the row as its argument. Keeps version and updated_at, so that no path can
-- forget them. A change that changes nothing is no change: NULL skips the row, and the audit with it. A version counts
-- transactions, not statements: nobody else can have seen what lies between two statements of one.
--
-- updated_at is taken from the clock under the lock of the row, and is always later than before, also where a clock was
-- set back: now() is when the transaction began, which may then have waited for another one. The audit log takes it over.
create function stamp_version() returns trigger
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

create or replace function stamp_tenant() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (new.name, new.status) is not distinct from (old.name, old.status) then
    return null;
  end if;
  new.updated_at := greatest(old.updated_at + interval '1 millisecond', clock_timestamp());
  return new;
end
$$;

-- The same, but that completed_at is the moment of the change, which the trigger before it has set.
create or replace function keep_status_rules() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  allowed text[];
begin
  if tg_op = 'UPDATE' then
    allowed := case old.status
      when 'pending' then array['pending', 'in_progress', 'completed', 'cancelled']
      when 'in_progress' then array['in_progress', 'pending', 'completed', 'cancelled']
      when 'completed' then array['completed', 'in_progress']
      when 'cancelled' then array['cancelled', 'pending']
    end;
    if new.status <> all (allowed) then
      perform must(false, json_build_object(
        'code', 'invalid_transition',
        'detail', format('A task that is %s cannot become %s.', old.status, new.status),
        'members', json_build_object('from', old.status, 'to', new.status, 'allowed', allowed)));
    end if;
  end if;
  new.completed_at := case when new.status = 'completed' then coalesce(new.completed_at, new.updated_at) end;
  return new;
end
$$;

-- Projects and tasks follow when they have lost their generated columns.
create or replace trigger stamp before update on tags
for each row execute function stamp_version('tag');

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create or replace trigger stamp before update on tags
for each row execute function stamp_change();

create or replace function stamp_tenant() returns trigger
language plpgsql as $$
begin
  if (new.name, new.status) is not distinct from (old.name, old.status) then
    return null;
  end if;
  -- A transaction that waited for a lock may have begun before the change that it waited for.
  new.updated_at := greatest(old.updated_at, now());
  return new;
end
$$;

create or replace function keep_status_rules() returns trigger
language plpgsql as $$
declare
  allowed text[];
begin
  if tg_op = 'UPDATE' then
    allowed := case old.status
      when 'pending' then array['pending', 'in_progress', 'completed', 'cancelled']
      when 'in_progress' then array['in_progress', 'pending', 'completed', 'cancelled']
      when 'completed' then array['completed', 'in_progress']
      when 'cancelled' then array['cancelled', 'pending']
    end;
    if new.status <> all (allowed) then
      perform must(false, json_build_object(
        'code', 'invalid_transition',
        'detail', format('A task that is %s cannot become %s.', old.status, new.status),
        'members', json_build_object('from', old.status, 'to', new.status, 'allowed', allowed)));
    end if;
  end if;
  new.completed_at := case when new.status = 'completed' then coalesce(new.completed_at, now()) end;
  return new;
end
$$;

drop function stamp_version;
