select enter_tenant($1, $2, $3);

with "source" as materialized (select null::integer as "version", (select json_build_object('task_count', count(*)::integer, 'by_status', json_build_object('pending', count(*) filter (where tasks.status = $1)::integer, 'in_progress', count(*) filter (where tasks.status = $2)::integer, 'completed', count(*) filter (where tasks.status = $3)::integer, 'cancelled', count(*) filter (where tasks.status = $4)::integer), 'overdue_count', count(*) filter (where (tasks.due_on < current_date
and tasks.status not in ('completed', 'cancelled')))::integer, 'completion_ratio', coalesce( count(*) filter (where tasks.status = $5)::integer::double precision / nullif(count(*) - count(*) filter (where tasks.status = $6)::integer, 0), 0), 'by_tag', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color", count(*)::integer as "task_count"
from "tasks"
inner join "task_tags" on "task_tags"."tenant_id" = "tasks"."tenant_id"
and "task_tags"."task_id" = "tasks"."id"
inner join "tags" on "tags"."tenant_id" = "task_tags"."tenant_id"
and "tags"."id" = "task_tags"."tag_id"
where "tasks"."tenant_id" = $7
and "tasks"."project_id" = $8
and "tasks"."deleted_at" is null group by "tags"."id", "tags"."name", "tags"."color"
order by "task_count" desc, "tags"."name", "tags"."id") as agg))
from tasks
where tasks.tenant_id = projects.tenant_id
and tasks.project_id = projects.id
and tasks.deleted_at is null) as "body"
from "projects"
where "projects"."tenant_id" = $9
and "projects"."id" = $10
and "projects"."deleted_at" is null), "answer" as materialized (select etag_of(version, body::text) as "etag", within_limit(body::text, $11) as "body"
from "source")
select "etag", case when array['*', etag] && $12::text[] then null else answer.body end as "body"
from "answer";
