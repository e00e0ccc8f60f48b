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

select raise_unless((select true
from members
where tenant_id = $1
and id = $2 for share), $3::json) as "allowed";

with given as materialized (
select pointer, member_id, leaves, n
from rows
from (json_to_recordset($1::json) as (pointer text, member_id uuid, leaves boolean))
with ordinality as given (pointer, member_id, leaves, n)), locked as materialized (
select id, status
from members
where tenant_id = $2
and id = any(array(select member_id
from given))
order by id for share), faulty as materialized (
select pointer, n, case when locked.id is null then 'unknown' else 'deactivated' end as code, case when locked.id is null then 'is no member' else 'is a deactivated member' end as message
from given
left join locked on locked.id = given.member_id
where locked.status is distinct
from 'active'
and not (locked.id is not null
and (coalesce(leaves, false) or exists (
select from assignees
where tenant_id = $3
and task_id = $4::uuid
and assignees.member_id = given.member_id)))
order by n
limit 20)
select raise_unless(not exists (select
from faulty), (
select json_build_object( 'code', 'unprocessable', 'detail', (array_agg(pointer || ': ' || message
order by n))[1], 'errors', json_agg(json_build_object('pointer', pointer, 'code', code, 'message', message)
order by n))
from faulty)) as allowed;

insert into "assignees" ("tenant_id", "task_id", "member_id", "role")
values ($1, $2, $3, $4)
on conflict ("tenant_id", "task_id", "member_id") do
update set "role" = "excluded"."role"
where "assignees"."role" <> "excluded"."role";

select raise_unless((
select count(*)
from assignees
where tenant_id = $1
and task_id = $2) <= $3::integer, $4::json) as "allowed";
