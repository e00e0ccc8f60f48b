-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create table comments (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  -- The member who wrote it; null where the actor is no member, or has been purged.
  author_id uuid,
  actor text default nullif(current_setting('app.actor', true), ''),
  body text not null check (char_length(body) between 1 and 10000),
  edited_at timestamptz(3),
  version integer not null default 1,
  -- The transaction of the last change: see stamp_version().
  changed_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
  foreign key (tenant_id, author_id) references members (tenant_id, id) on delete set null (author_id)
);

select expect_distinct('comments', 'tenant_id', 20);

create index comments_by_task on comments (tenant_id, task_id, created_at, id);
create index comments_by_age on comments (tenant_id, created_at desc, id desc);
create index comments_by_author on comments (tenant_id, author_id, created_at desc, id desc) where author_id is not null;

alter table comments enable row level security;
alter table comments force row level security;

create policy tenant on comments to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update, delete on comments to onetrip_app;

-- Who is mentioned in a comment, in the order of appearance.
create table comment_mentions (
  tenant_id uuid not null,
  comment_id uuid not null,
  member_id uuid not null,
  n integer not null,
  primary key (tenant_id, comment_id, member_id),
  foreign key (tenant_id, comment_id) references comments (tenant_id, id) on delete cascade,
  foreign key (tenant_id, member_id) references members (tenant_id, id) on delete cascade
);

select expect_distinct('comment_mentions', 'tenant_id', 20);

create index comment_mentions_by_member on comment_mentions (tenant_id, member_id, comment_id);

alter table comment_mentions enable row level security;
alter table comment_mentions force row level security;

create policy tenant on comment_mentions to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, delete on comment_mentions to onetrip_app;

-- The words of comments, as task_search has those of tasks.
create table comment_search (
  tenant_id uuid not null,
  comment_id uuid not null,
  words tsvector not null,
  primary key (tenant_id, comment_id),
  foreign key (tenant_id, comment_id) references comments (tenant_id, id) on delete cascade
);

select expect_distinct('comment_search', 'tenant_id', 20);

-- Without fastupdate, for every search would read all that was inserted lately, by whichever tenant.
create index comment_search_words on comment_search using gin (words) with (fastupdate = off);

alter table comment_search enable row level security;
alter table comment_search force row level security;

create policy tenant on comment_search to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update on comment_search to onetrip_app;

create function keep_comment_search() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into comment_search (tenant_id, comment_id, words)
  values (new.tenant_id, new.id, array_to_tsvector(search_terms(new.tenant_id, new.body)))
  on conflict (tenant_id, comment_id) do update set words = excluded.words;
  return null;
end
$$;
revoke execute on function keep_comment_search() from public;

create trigger search_insert after insert on comments
for each row execute function keep_comment_search();
create trigger search_update after update of body on comments
for each row when (old.body is distinct from new.body)
execute function keep_comment_search();

-- SECURITY DEFINER because under a policy PostgreSQL uses no GIN index for @@: see search_tasks().
create policy search on comment_search for select to onetrip_search using (true);
grant select on comment_search to onetrip_search;

create function search_comments(words text) returns setof uuid
language sql stable rows 50 security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
  select comment_id from comment_search
  where tenant_id is not distinct from current_tenant()
    and comment_search.words @@ search_query(current_tenant(), search_comments.words);
end;
revoke execute on function search_comments(text) from public;
grant create on schema public to onetrip_search;
alter function search_comments(text) owner to onetrip_search;
revoke create on schema public from onetrip_search;
grant execute on function search_comments(text) to onetrip_app;

-- The scheduled purge: what has been in the trash for 30 days with its task (of which the policies of this role show no
-- others), and the tenants that are being deleted.
grant select, delete on comments to onetrip_janitor;
create policy janitor on comments to onetrip_janitor
using (exists (
  select from tasks where tasks.tenant_id = comments.tenant_id and tasks.id = comments.task_id and tasks.deleted_at < now() - interval '30 days'));
create policy deletion on comments to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function search_comments;
drop table comment_search;
drop table comment_mentions;
drop table comments;
drop function keep_comment_search;
