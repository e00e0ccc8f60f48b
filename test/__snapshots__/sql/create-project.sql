select set_tenant_context($1, $2, $3);

insert into "projects" ("id", "name", "description", "status", "metadata", "tenant_id")
values ($1, $2, $3, $4, $5, $6);

insert into "tags" ("tenant_id", "name")
select $1::uuid as "tenant_id", "name"
from (
select distinct on (tag_key(name)) name
from unnest($2::text[])
with ordinality as given (name, n)
order by tag_key(name), n ) as "first_spellings"
order by tag_key(name)
on conflict ("tenant_id", "key") do nothing;

insert into "tasks" ("tenant_id", "project_id", "id", "parent_id", "title", "description", "status", "priority", "due_on", "position", "metadata")
select $1::uuid, $2::uuid, id, parent_id, title, description, status, priority, due_on, coalesce(position, (
select case when abs(coalesce(max(last.position), 0)) > 1e300 then coalesce(max(last.position), 0) else coalesce(max(last.position), 0) + 1 * greatest(2 ^ 51, abs(coalesce(max(last.position), 0))) * 2 ^ -51 end
from tasks as last
where last.tenant_id = $3
and last.project_id = $4
and last.deleted_at is null )), metadata
from json_to_recordset($5::json) as given ( id uuid, parent_id uuid, title text, description text, status text, priority integer, due_on date, position double precision, metadata jsonb);

with "given" as (select "task_id", "key"
from (
select distinct task_id, tag_key(name) as key
from json_to_recordset($1::json) as given (task_id uuid, name text) ) as "given"), "wanted" as (select "tags"."tenant_id", "given"."task_id", "tags"."id" as "tag_id"
from "given"
inner join "tags" on "tags"."key" = "given"."key"
where "tags"."tenant_id" = $2 for key share of "tags"), "inserted" as (insert into "task_tags" ("tenant_id", "task_id", "tag_id")
select "tenant_id", "task_id", "tag_id"
from "wanted"
order by "task_id", "tag_id"
on conflict do nothing)
select retry_unless((select count(*)
from wanted) = (select count(*)
from given)) as "complete";

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
