select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body"
from (select null::integer as "version", (select ('{"task_count":' || coalesce(cast(count(*)::integer as text), 'null') || ',"by_status":') || coalesce(('{"pending":' || coalesce(cast(count(*) filter (where tasks.status = $3)::integer as text), 'null') || ',"in_progress":' || coalesce(cast(count(*) filter (where tasks.status = $4)::integer as text), 'null') || ',"completed":' || coalesce(cast(count(*) filter (where tasks.status = $5)::integer as text), 'null') || ',"cancelled":' || coalesce(cast(count(*) filter (where tasks.status = $6)::integer as text), 'null') || '}'), 'null') || (',"overdue_count":' || coalesce(cast(count(*) filter (where (tasks.due_on < current_date
and tasks.status not in ('completed', 'cancelled')))::integer as text), 'null') || ',"completion_ratio":' || coalesce(cast(coalesce(count(*) filter (where tasks.status = $7)::integer::double precision / nullif(count(*) - count(*) filter (where tasks.status = $8)::integer, 0), 0) as text), 'null') || ',"by_tag":[') || coalesce((select string_agg(item, ',')
from (select ('{"id":' || coalesce('"' || "tags"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tags"."name")::text, 'null') || ',"color":' || coalesce('"' || "tags"."color" || '"', 'null') || ',"task_count":' || coalesce(cast("counted"."task_count" as text), 'null') || '}') as "item"
from (select "tag_id", count(*)::integer as "task_count"
from "task_tags"
where "tenant_id" = $9
and task_id = any(array(select tasks.id
from tasks
where tasks.tenant_id = $10
and tasks.project_id = $11
and tasks.deleted_at is null)) group by "tag_id") as "counted"
inner join "tags" on "tags"."id" = "counted"."tag_id"
where "tags"."tenant_id" = $12
order by "counted"."task_count" desc, "tags"."name", "tags"."id") as items), '') || ('],"by_assignee":[') || coalesce((select string_agg(item, ',')
from (select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || ',"task_count":' || coalesce(cast("counted"."task_count" as text), 'null') || '}') as "item"
from (select "member_id", count(*)::integer as "task_count"
from "assignees"
where "tenant_id" = $13
and task_id = any(array(select tasks.id
from tasks
where tasks.tenant_id = $14
and tasks.project_id = $15
and tasks.deleted_at is null)) group by "member_id") as "counted"
inner join "members" on "members"."id" = "counted"."member_id"
where "members"."tenant_id" = $16
order by "counted"."task_count" desc, "members"."name", "members"."id") as items), '') || (']}')
from tasks
where tasks.tenant_id = $17
and tasks.project_id = $18
and tasks.deleted_at is null) as "body"
from "projects"
where "projects"."tenant_id" = $19
and "projects"."id" = $20
and "projects"."deleted_at" is null
offset 0) as "query"
offset 0) as "representation";
