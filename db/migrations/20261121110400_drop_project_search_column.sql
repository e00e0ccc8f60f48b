-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Read by search_projects() alone, which reads project_search now.
-- squawk-ignore ban-drop-column
alter table projects drop column search;
-- The lock is held already.
-- squawk-ignore require-concurrent-index-deletion
drop index projects_metadata;

-- It compares whole rows, which it could not with a column that is computed after it.
create or replace trigger stamp before update on projects
for each row execute function stamp_version('project');

-- migrate:down

set local lock_timeout = '2s';
-- Writes the whole table anew.
set local statement_timeout = '10min';

-- squawk-ignore adding-field-with-default
alter table projects add column search tsvector generated always as (search_vector(name, description)) stored;
-- squawk-ignore require-concurrent-index-creation
create index projects_search on projects using gin (tenant_id, search) where deleted_at is null;
-- squawk-ignore require-concurrent-index-creation
create index projects_metadata on projects using gin (tenant_id, metadata jsonb_path_ops) where deleted_at is null;
create or replace trigger stamp before update on projects
for each row execute function stamp_change();
