select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

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
select bool_or(id = $1)
from (
select id
from tags
where tenant_id = $2
and ( id = $3 or id in (select tag_id
from task_tags
where tenant_id = $4
and task_id = $5))
order by key for share ) as locked), $6::json) as "allowed";

insert into "task_tags" ("tenant_id", "task_id", "tag_id")
values ($1, $2, $3)
on conflict do nothing;

select raise_unless((select count(*)
from task_tags
where tenant_id = $1
and task_id = $2) <= $3::integer, $4::json) as "allowed";
