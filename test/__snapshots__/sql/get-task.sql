select set_tenant_context($1, $2, $3);

with "query" as materialized (select "tasks"."version", raise_unless((
with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $1
and id = $2
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree join tasks on tasks.tenant_id = $3
and tasks.project_id = tree.project_id
and tasks.parent_id = tree.id )
select count(*) - 1
from (select
from tree
where deleted_at is null
limit $4) as live) <= $5::integer, $6::json) as "small_enough", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $7
and "task_tags"."tenant_id" = $8
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'project', (
select json_build_object('id', id, 'name', name)
from projects
where tenant_id = $9
and id = tasks.project_id), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $10::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $11
and "task_tags"."tenant_id" = $12
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $13::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $14
and "task_tags"."tenant_id" = $15
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $16::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $17
and "task_tags"."tenant_id" = $18
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $19::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $20
and "task_tags"."tenant_id" = $21
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $22::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $23
and "task_tags"."tenant_id" = $24
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $25::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $26
and "task_tags"."tenant_id" = $27
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $28::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $29
and "task_tags"."tenant_id" = $30
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $31::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $32
and "task_tags"."tenant_id" = $33
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', (
select coalesce(json_agg(item
order by position, id), '[]')
from (
select "position", "id", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $34::json)::text::json else item end as item
from ((select "tasks"."position", "tasks"."id", json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $35
and "task_tags"."tenant_id" = $36
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg), 'subtasks', '[]'::json) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_10" on true
where "tasks"."tenant_id" = $37
and tasks.project_id = "level_9"."project_id"
and tasks.parent_id = "level_9"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_9" on true
where "tasks"."tenant_id" = $38
and tasks.project_id = "level_8"."project_id"
and tasks.parent_id = "level_8"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_8" on true
where "tasks"."tenant_id" = $39
and tasks.project_id = "level_7"."project_id"
and tasks.parent_id = "level_7"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_7" on true
where "tasks"."tenant_id" = $40
and tasks.project_id = "level_6"."project_id"
and tasks.parent_id = "level_6"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_6" on true
where "tasks"."tenant_id" = $41
and tasks.project_id = "level_5"."project_id"
and tasks.parent_id = "level_5"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_5" on true
where "tasks"."tenant_id" = $42
and tasks.project_id = "level_4"."project_id"
and tasks.parent_id = "level_4"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_4" on true
where "tasks"."tenant_id" = $43
and tasks.project_id = "level_3"."project_id"
and tasks.parent_id = "level_3"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_3" on true
where "tasks"."tenant_id" = $44
and tasks.project_id = "level_2"."project_id"
and tasks.parent_id = "level_2"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "item"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_2" on true
where "tasks"."tenant_id" = $45
and tasks.project_id = "level_1"."project_id"
and tasks.parent_id = "level_1"."id"
and "tasks"."deleted_at" is null
offset 0)) as built) as children)) as "body"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_1" on true
where "tasks"."tenant_id" = $46
and "tasks"."id" = $47
and "tasks"."deleted_at" is null), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $48::json)::text else "body"::text end as "body"
from "query")
select "etag", case when array['*', etag] && $49::text[] then null else representation.body end as "body"
from "representation";
