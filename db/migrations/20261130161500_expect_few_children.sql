-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- What the planner is to believe of the parents of tasks, whichever tree ANALYZE saw last: half of the tasks have one, and
-- each parent has a few. After it had seen a tree of 2 600 tasks below one, it took the parent for no restriction at all,
-- read the whole project for each of these tasks, and their purge ran into its time limit.
create function expect_few_children(relation regclass) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  named record;
begin
  select nspname::text as schema, relname::text as name, relkind = 'p' as is_partitioned into named
  from pg_class join pg_namespace on pg_namespace.oid = relnamespace where pg_class.oid = relation;
  execute format('alter table %s alter column parent_id set statistics 0', relation);
  perform pg_clear_attribute_stats(named.schema, named.name, 'parent_id', named.is_partitioned);
  perform pg_restore_attribute_stats(
    'schemaname', named.schema, 'relname', named.name, 'attname', 'parent_id', 'inherited', named.is_partitioned,
    'null_frac', 0.5::real, 'avg_width', 16, 'n_distinct', (-0.1)::real);
end
$$;
revoke execute on function expect_few_children(regclass) from public;

select expect_few_children('tasks');

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function expect_few_children;
alter table tasks alter column parent_id set statistics default;
select pg_clear_attribute_stats('public', 'tasks', 'parent_id', relkind = 'p') from pg_class where oid = 'tasks'::regclass;
