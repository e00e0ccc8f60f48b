select set_tenant_context($1, $2, $3);

with "query" as materialized (select null::integer as "version", (select json_build_object('task_count', count(*)::integer, 'by_status', json_build_object('pending', count(*) filter (where tasks.status = $1)::integer, 'in_progress', count(*) filter (where tasks.status = $2)::integer, 'completed', count(*) filter (where tasks.status = $3)::integer, 'cancelled', count(*) filter (where tasks.status = $4)::integer), 'overdue_count', count(*) filter (where (tasks.due_on < current_date
and tasks.status not in ('completed', 'cancelled')))::integer, 'completion_ratio', coalesce( count(*) filter (where tasks.status = $5)::integer::double precision / nullif(count(*) - count(*) filter (where tasks.status = $6)::integer, 0), 0), 'by_tag', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color", "counted"."task_count"
from (select "tag_id", count(*)::integer as "task_count"
from "task_tags"
where "tenant_id" = $7
and task_id = any(array(select tasks.id
from tasks
where tasks.tenant_id = $8
and tasks.project_id = $9
and tasks.deleted_at is null)) group by "tag_id") as "counted"
inner join "tags" on "tags"."id" = "counted"."tag_id"
where "tags"."tenant_id" = $10
order by "counted"."task_count" desc, "tags"."name", "tags"."id") as agg))
from tasks
where tasks.tenant_id = $11
and tasks.project_id = $12
and tasks.deleted_at is null) as "body"
from "projects"
where "projects"."tenant_id" = $13
and "projects"."id" = $14
and "projects"."deleted_at" is null), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $15::json)::text else "body"::text end as "body"
from "query")
select "etag", case when array['*', etag] && $16::text[] then null else representation.body end as "body"
from "representation";
