-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Read by search_tasks() alone, which reads task_search now.
-- squawk-ignore ban-drop-column
alter table tasks drop column search;
-- The lock is held already.
-- squawk-ignore require-concurrent-index-deletion
drop index tasks_metadata;

-- It compares whole rows, which it could not with a column that is computed after it.
create or replace trigger stamp before update on tasks
for each row execute function stamp_version('task');

drop function stamp_change;
drop function search_query(text);
drop function search_vector;
drop function search_words;
-- Indexes led by tenant_id needed it.
drop extension btree_gin;

-- migrate:down

set local lock_timeout = '2s';
-- Writes the whole table anew.
set local statement_timeout = '10min';

create extension btree_gin;

create function search_words(words text) returns text
language sql immutable parallel safe
return regexp_replace(
  normalize(casefold(normalize(coalesce(words, ''), nfc) collate pg_unicode_fast), nfc) collate pg_unicode_fast,
  '[^[:alnum:]]+', ' ', 'g'
);

create function search_vector(heading text, body text) returns tsvector
language sql immutable parallel safe
return to_tsvector('simple'::regconfig, search_words(coalesce(heading, '') || ' ' || coalesce(body, '')));

create function search_query(words text) returns tsquery
language sql immutable parallel safe
return (nullif(plainto_tsquery('simple'::regconfig, search_words(words))::text, '') || ':*')::tsquery;

create function stamp_change() returns trigger
language plpgsql as $$
declare
  derived constant text[] := array['search', 'key', 'version', 'updated_at'];
begin
  if to_jsonb(new) - derived = to_jsonb(old) - derived then
    return null;
  end if;
  -- What refers to a row, the audit log among it, knows it by these.
  if (new.tenant_id, new.id) is distinct from (old.tenant_id, old.id) then
    raise exception using errcode = 'feature_not_supported', message = 'a row keeps its id and tenant';
  end if;
  new.version := case when old.changed_xid = pg_current_xact_id() then old.version else old.version + 1 end;
  new.changed_xid := pg_current_xact_id();
  -- A transaction that waited for a lock may have begun before the change that it waited for.
  new.updated_at := greatest(old.updated_at, now());
  return new;
end
$$;

-- squawk-ignore adding-field-with-default
alter table tasks add column search tsvector generated always as (search_vector(title, description)) stored;
-- squawk-ignore require-concurrent-index-creation
create index tasks_search on tasks using gin (tenant_id, search) where deleted_at is null;
-- squawk-ignore require-concurrent-index-creation
create index tasks_metadata on tasks using gin (tenant_id, metadata jsonb_path_ops) where deleted_at is null;
create or replace trigger stamp before update on tasks
for each row execute function stamp_change();
