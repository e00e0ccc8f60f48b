select enter_tenant($1, $2, $3);

with "source" as materialized (select "tasks"."version", must((
with recursive tree as (
select id, project_id, 0 as depth
from tasks
where tenant_id = $1
and id = $2
union all select tasks.id, tasks.project_id, tree.depth + 1
from tree join tasks on tasks.tenant_id = $3
and tasks.project_id = tree.project_id
and tasks.parent_id = tree.id )
select count(*) - 1
from tree join tasks as live on live.tenant_id = $4
and live.id = tree.id
and live.deleted_at is null) <= $5::integer, $6::json) as "small_enough", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'project', json_build_object('id', projects.id, 'name', projects.name), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select tasks.position, tasks.id, json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', '[]'::json) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_10"
where tasks.tenant_id = $7
and tasks.project_id = "level_9"."project_id"
and tasks.parent_id = "level_9"."id"
and tasks.deleted_at is null ) as children)) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_9"
where tasks.tenant_id = $8
and tasks.project_id = "level_8"."project_id"
and tasks.parent_id = "level_8"."id"
and tasks.deleted_at is null ) as children)) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_8"
where tasks.tenant_id = $9
and tasks.project_id = "level_7"."project_id"
and tasks.parent_id = "level_7"."id"
and tasks.deleted_at is null ) as children)) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_7"
where tasks.tenant_id = $10
and tasks.project_id = "level_6"."project_id"
and tasks.parent_id = "level_6"."id"
and tasks.deleted_at is null ) as children)) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_6"
where tasks.tenant_id = $11
and tasks.project_id = "level_5"."project_id"
and tasks.parent_id = "level_5"."id"
and tasks.deleted_at is null ) as children)) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_5"
where tasks.tenant_id = $12
and tasks.project_id = "level_4"."project_id"
and tasks.parent_id = "level_4"."id"
and tasks.deleted_at is null ) as children)) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_4"
where tasks.tenant_id = $13
and tasks.project_id = "level_3"."project_id"
and tasks.parent_id = "level_3"."id"
and tasks.deleted_at is null ) as children)) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_3"
where tasks.tenant_id = $14
and tasks.project_id = "level_2"."project_id"
and tasks.parent_id = "level_2"."id"
and tasks.deleted_at is null ) as children)) as item
from tasks cross join lateral (select tasks.id, tasks.project_id) as "level_2"
where tasks.tenant_id = $15
and tasks.project_id = "level_1"."project_id"
and tasks.parent_id = "level_1"."id"
and tasks.deleted_at is null ) as children)) as "body"
from "tasks"
inner join "projects" on "projects"."tenant_id" = "tasks"."tenant_id"
and "projects"."id" = "tasks"."project_id"
inner join lateral (select tasks.id, tasks.project_id) as "level_1" on true
where "tasks"."tenant_id" = $16
and "tasks"."id" = $17
and "tasks"."deleted_at" is null), "answer" as materialized (select etag_of(version, body::text) as "etag", within_limit(body::text, $18) as "body"
from "source")
select "etag", case when array['*', etag] && $19::text[] then null else answer.body end as "body"
from "answer";
