-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- As before, but that a task is told of which the same transaction has changed something, too.
create or replace function changed_resources(tenant uuid) returns table (
  kind text, resource_id uuid, verb text, changes jsonb, actor text, at timestamptz, n bigint)
language sql stable
begin atomic
  with entries as materialized (
    select id as entry, resource_type as part, audit_log.resource_id, action, audit_log.changes, audit_log.actor, audit_log.at,
      case when resource_type in ('tagging', 'assignee', 'dependency') then 'task' else resource_type end as kind
    from audit_log
    where tenant_id = $1 and xid = pg_current_xact_id()
      and resource_type in ('project', 'task', 'tag', 'member', 'comment', 'tagging', 'assignee', 'dependency')
  ),
  -- A tag that is deleted is a change of its own, which counts in no task's version. A batch may have taken it off a task before.
  counted as materialized (
    select * from entries where not (
      part = 'tagging' and action = 'delete' and entries.changes #>> '{tag_id,0}' in (
        select resource_id::text from entries where part = 'tag' and action = 'delete')
      and (select changed_xid from tasks where tasks.tenant_id = $1 and tasks.id = entries.resource_id)
        is distinct from pg_current_xact_id())
  ),
  own as (
    select kind, resource_id, key, (array_agg(value -> 0 order by entry))[1] as before,
      (array_agg(value -> 1 order by entry desc))[1] as after
    from counted, jsonb_each(counted.changes)
    where part = kind
    group by kind, resource_id, key
  ),
  own_changes as (
    select kind, resource_id, jsonb_object_agg(key, jsonb_build_array(before, after)) as changes
    from own where before is distinct from after
    group by kind, resource_id
  ),
  related as (
    select resource_id, case part when 'tagging' then 'tags' when 'assignee' then 'assignees' else 'blockers' end as key,
      case part
        when 'tagging' then counted.changes #> '{tag_id,0}'
        when 'dependency' then counted.changes #> '{blocker_id,0}'
        else case when counted.changes #>> '{member_id,0}' is not null then jsonb_build_object(
          'id', counted.changes #> '{member_id,0}', 'role', counted.changes #> '{role,0}') end
      end as before,
      case part
        when 'tagging' then counted.changes #> '{tag_id,1}'
        when 'dependency' then counted.changes #> '{blocker_id,1}'
        else case when counted.changes #>> '{member_id,1}' is not null then jsonb_build_object(
          'id', counted.changes #> '{member_id,1}', 'role', counted.changes #> '{role,1}') end
      end as after,
      entry
    from counted where part <> kind
  ),
  related_changes as (
    select resource_id, jsonb_object_agg(key, jsonb_build_array(before, after)) as changes
    from (
      select resource_id, key,
        coalesce(jsonb_agg(before order by entry) filter (where coalesce(before, 'null') <> 'null'), '[]') as before,
        coalesce(jsonb_agg(after order by entry) filter (where coalesce(after, 'null') <> 'null'), '[]') as after
      from related group by resource_id, key
    ) as by_key
    group by resource_id
  ),
  resources as (
    select kind, resource_id,
      bool_or(part = kind and action = 'insert') as is_new,
      bool_or(part = kind and action in ('delete', 'purge')) as is_gone,
      (array_agg(action order by entry desc) filter (where part = kind and action in ('trash', 'restore')))[1] as moved,
      (array_agg(counted.actor order by entry desc))[1] as actor, max(counted.at) as at, min(entry::text) as first_entry
    from counted group by kind, resource_id
  )
  select r.kind, r.resource_id,
    case
      when is_gone or moved = 'trash' then 'deleted'
      when is_new then 'created'
      when moved = 'restore' then 'restored'
      else 'updated'
    end,
    case when is_gone then '{}' else coalesce(o.changes, '{}') || coalesce(l.changes, '{}') end,
    r.actor, r.at, row_number() over (order by first_entry)
  from resources as r
  left join own_changes as o on o.kind = r.kind and o.resource_id = r.resource_id
  left join related_changes as l on r.kind = 'task' and l.resource_id = r.resource_id
  -- Nobody has heard of what is gone as soon as it is there.
  where not (is_new and (is_gone or moved is not distinct from 'trash'));
end;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create or replace function changed_resources(tenant uuid) returns table (
  kind text, resource_id uuid, verb text, changes jsonb, actor text, at timestamptz, n bigint)
language sql stable
begin atomic
  with entries as materialized (
    select id as entry, resource_type as part, audit_log.resource_id, action, audit_log.changes, audit_log.actor, audit_log.at,
      case when resource_type in ('tagging', 'assignee', 'dependency') then 'task' else resource_type end as kind
    from audit_log
    where tenant_id = $1 and xid = pg_current_xact_id()
      and resource_type in ('project', 'task', 'tag', 'member', 'comment', 'tagging', 'assignee', 'dependency')
  ),
  -- A tag that is deleted is a change of its own, which counts in no task's version.
  counted as materialized (
    select * from entries where not (
      part = 'tagging' and action = 'delete' and entries.changes #>> '{tag_id,0}' in (
        select resource_id::text from entries where part = 'tag' and action = 'delete'))
  ),
  own as (
    select kind, resource_id, key, (array_agg(value -> 0 order by entry))[1] as before,
      (array_agg(value -> 1 order by entry desc))[1] as after
    from counted, jsonb_each(counted.changes)
    where part = kind
    group by kind, resource_id, key
  ),
  own_changes as (
    select kind, resource_id, jsonb_object_agg(key, jsonb_build_array(before, after)) as changes
    from own where before is distinct from after
    group by kind, resource_id
  ),
  related as (
    select resource_id, case part when 'tagging' then 'tags' when 'assignee' then 'assignees' else 'blockers' end as key,
      case part
        when 'tagging' then counted.changes #> '{tag_id,0}'
        when 'dependency' then counted.changes #> '{blocker_id,0}'
        else case when counted.changes #>> '{member_id,0}' is not null then jsonb_build_object(
          'id', counted.changes #> '{member_id,0}', 'role', counted.changes #> '{role,0}') end
      end as before,
      case part
        when 'tagging' then counted.changes #> '{tag_id,1}'
        when 'dependency' then counted.changes #> '{blocker_id,1}'
        else case when counted.changes #>> '{member_id,1}' is not null then jsonb_build_object(
          'id', counted.changes #> '{member_id,1}', 'role', counted.changes #> '{role,1}') end
      end as after,
      entry
    from counted where part <> kind
  ),
  related_changes as (
    select resource_id, jsonb_object_agg(key, jsonb_build_array(before, after)) as changes
    from (
      select resource_id, key,
        coalesce(jsonb_agg(before order by entry) filter (where coalesce(before, 'null') <> 'null'), '[]') as before,
        coalesce(jsonb_agg(after order by entry) filter (where coalesce(after, 'null') <> 'null'), '[]') as after
      from related group by resource_id, key
    ) as by_key
    group by resource_id
  ),
  resources as (
    select kind, resource_id,
      bool_or(part = kind and action = 'insert') as is_new,
      bool_or(part = kind and action in ('delete', 'purge')) as is_gone,
      (array_agg(action order by entry desc) filter (where part = kind and action in ('trash', 'restore')))[1] as moved,
      (array_agg(counted.actor order by entry desc))[1] as actor, max(counted.at) as at, min(entry::text) as first_entry
    from counted group by kind, resource_id
  )
  select r.kind, r.resource_id,
    case
      when is_gone or moved = 'trash' then 'deleted'
      when is_new then 'created'
      when moved = 'restore' then 'restored'
      else 'updated'
    end,
    case when is_gone then '{}' else coalesce(o.changes, '{}') || coalesce(l.changes, '{}') end,
    r.actor, r.at, row_number() over (order by first_entry)
  from resources as r
  left join own_changes as o on o.kind = r.kind and o.resource_id = r.resource_id
  left join related_changes as l on r.kind = 'task' and l.resource_id = r.resource_id
  -- Nobody has heard of what is gone as soon as it is there.
  where not (is_new and (is_gone or moved is not distinct from 'trash'));
end;
