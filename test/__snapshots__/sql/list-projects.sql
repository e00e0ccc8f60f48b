select enter_tenant($1, $2, $3);

with "source" as materialized (select null::integer as "version", json_build_object('data', data, 'page', json_build_object( 'limit', $1::integer, 'has_more', has_more, 'next_cursor', next_cursor, 'total', ((select count(*) as "total"
from "projects"
where "projects"."tenant_id" = $2
and "projects"."deleted_at" is null
and "projects"."status" = $3
and projects.id in (select search_projects($4))
and projects.id in (select projects_with_metadata($5::jsonb))
and exists (select "tasks"."id"
from "tags"
inner join "task_tags" on "task_tags"."tenant_id" = "tags"."tenant_id"
and "task_tags"."tag_id" = "tags"."id"
inner join "tasks" on "tasks"."tenant_id" = "task_tags"."tenant_id"
and "tasks"."id" = "task_tags"."task_id"
where "tags"."tenant_id" = $6
and tags.key = tag_key($7)
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null))))) as "body", "page"."next_cursor"
from (
select coalesce(json_agg(item
order by n) filter (where n <= $8::integer), '[]') as data, count(*) > $9::integer as has_more, case when count(*) > $10::integer then make_cursor($11::text, coalesce((array_agg(sort_values
order by n))[$12::integer], '[]')) end as next_cursor
from ((select "n", "sort_values", case when n <= $13::integer then json_build_object('id', "projects"."id", 'name', "projects"."name", 'description', "projects"."description", 'status', "projects"."status", 'metadata', "projects"."metadata", 'version', "projects"."version", 'task_count', (select count(*)::integer as "task_count"
from "tasks"
where "tasks"."tenant_id" = "projects"."tenant_id"
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null), 'created_by', "projects"."created_by", 'created_at', rfc3339("projects"."created_at"), 'updated_at', rfc3339("projects"."updated_at"), 'tasks', first.data, 'tasks_page', json_build_object( 'limit', $14::integer, 'has_more', first.has_more, 'next_cursor', first.next_cursor)) end as "item"
from (select row_number() over () as n, *
from ((select "projects".*, json_build_array("projects"."created_at"::text, "projects"."id"::text) as "sort_values"
from "projects"
where "projects"."tenant_id" = $15
and "projects"."deleted_at" is null
and "projects"."status" = $16
and projects.id in (select search_projects($17))
and projects.id in (select projects_with_metadata($18::jsonb))
and exists (select "tasks"."id"
from "tags"
inner join "task_tags" on "task_tags"."tenant_id" = "tags"."tenant_id"
and "task_tags"."tag_id" = "tags"."id"
inner join "tasks" on "tasks"."tenant_id" = "task_tags"."tenant_id"
and "tasks"."id" = "task_tags"."task_id"
where "tags"."tenant_id" = $19
and tags.key = tag_key($20)
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null)
order by "projects"."created_at" desc, "projects"."id" desc
limit $21)) as cut) as "projects"
inner join lateral (
select coalesce(json_agg(item
order by n) filter (where n <= $22::integer), '[]') as data, count(*) > $23::integer as has_more, case when count(*) > $24::integer then make_cursor(concat($25::text, projects.id, $26::text), coalesce((array_agg(sort_values
order by n))[$27::integer], '[]')) end as next_cursor
from ((select "n", "sort_values", case when n <= $28::integer then json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg)) end as "item"
from (select row_number() over () as n, *
from ((select "tasks".*, json_build_array("tasks"."position"::text, "tasks"."id"::text) as "sort_values"
from "tasks"
where "tasks"."tenant_id" = $29
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position" asc, "tasks"."id" asc
limit $30)) as cut) as "tasks")) as shown ) as "first" on true)) as shown ) as "page"), "answer" as materialized (select etag_of(version, body::text) as "etag", within_limit(body::text, $31) as "body"
from "source")
select "etag", case when array['*', etag] && $32::text[] then null else answer.body end as "body", next_cursor as "nextCursor"
from "answer", "source";
