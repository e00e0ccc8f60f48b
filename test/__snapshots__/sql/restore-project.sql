select set_tenant_context($1, $2, $3);

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "projects"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

select raise_unless((
select trash_id = id
and deleted_at >= now() - interval '30 days'
from projects
where tenant_id = $1
and id = $2), $3::json) as "allowed";

update "projects"
set "deleted_at" = $1, "deleted_by" = $2, "trash_id" = $3
where "tenant_id" = $4
and "id" = $5;

update "tasks"
set "deleted_at" = $1, "deleted_by" = $2, "trash_id" = $3
where "tenant_id" = $4
and "trash_id" = $5;

with "query" as materialized (select "projects"."version", json_build_object('id', "projects"."id", 'name', "projects"."name", 'description', "projects"."description", 'status', "projects"."status", 'metadata', "projects"."metadata", 'version', "projects"."version", 'task_count', (select count(*)::integer as "task_count"
from "tasks"
where "tasks"."tenant_id" = $1
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null), 'created_by', "projects"."created_by", 'created_at', rfc3339("projects"."created_at"), 'updated_at', rfc3339("projects"."updated_at"), 'tasks', first.data, 'tasks_page', json_build_object( 'limit', $2::integer, 'has_more', first.has_more, 'next_cursor', first.next_cursor)) as "body"
from "projects"
inner join lateral (
select coalesce(json_agg(item
order by n) filter (where n <= $3::integer), '[]') as data, count(*) > $4::integer as has_more, case when count(*) > $5::integer then make_cursor(concat($6::text, projects.id, $7::text), coalesce((array_agg(sort_values
order by n))[$8::integer], '[]')) end as next_cursor
from (
select "n", "sort_values", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $9::json)::text::json else item end as item
from ((select "n", "sort_values", case when n <= $10::integer then json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $11
and "task_tags"."tenant_id" = $12
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg)) end as "item"
from (select row_number() over () as n, *
from ((select "tasks".*, json_build_array("tasks"."position"::text, "tasks"."id"::text) as "sort_values"
from "tasks"
where "tasks"."tenant_id" = $13
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position" asc, "tasks"."id" asc
limit $14)) as sorted) as "tasks"
offset 0)) as built) as shown ) as "first" on true
where "projects"."tenant_id" = $15
and "projects"."deleted_at" is null
and "projects"."id" = $16), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $17::json)::text else "body"::text end as "body"
from "query")
select "etag", "body"
from "representation";
