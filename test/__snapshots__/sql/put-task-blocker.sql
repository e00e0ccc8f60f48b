select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select "id"
from "projects"
where "tenant_id" = $1
and "id" in (
select project_id
from tasks
where tenant_id = $2
and id = any($3::uuid[]))
order by "id" for share;

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "tasks"
where tenant_id = $4
and id = $5
and deleted_at is null for no key
update ) as locked on true ) as "found";

select raise_unless((
select true
from tasks
where tenant_id = $1
and id = $2
and deleted_at is null for key share), $3::json) as "allowed";

select pg_advisory_xact_lock($1::integer, hashtext($2::text)) as "locked";

select raise_unless(closes is not true, $1::json) as "no_circle", raise_unless(tasks <= $2, $3::json) as "searched"
from (
with recursive above as (
select $4::uuid as id
where not exists (
select from dependencies
where tenant_id = $5
and task_id = $6
and blocker_id = $7) union
select next.blocker_id
from above cross join lateral (
select blocker_id
from dependencies
where tenant_id = $8
and task_id = above.id
offset 0) as next )
select bool_or(id = $9) as closes, count(*) as tasks
from (select id
from above
limit $10) as bounded) as "walk";

insert into "dependencies" ("tenant_id", "task_id", "blocker_id")
values ($1, $2, $3)
on conflict do nothing;

select raise_unless((select count(*)
from (select
from dependencies
where tenant_id = $1
and task_id = $2
limit $3) as bounded) <= $4::integer, $5::json) as "allowed";

select raise_unless((select count(*)
from (select
from dependencies
where tenant_id = $1
and blocker_id = $2
limit $3) as bounded) <= $4::integer, $5::json) as "allowed";
