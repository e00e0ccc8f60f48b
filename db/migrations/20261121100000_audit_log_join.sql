-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- PostgreSQL plans a trigger's statement once for each connection, for as many rows as its first call had. The join of a
-- row's old and new form, planned as a nested loop for one row, took seconds for 2 500 rows and grew with their square.
-- A full join cannot be a nested loop. It pairs the same rows: each of them has both forms.
do $$
declare
  definition constant text := pg_get_functiondef('write_audit_log()'::regprocedure);
  joined constant text := 'from old_rows as o join new_rows as n';
begin
  assert position(joined in definition) > 0;
  execute replace(definition, joined, 'from old_rows as o full join new_rows as n');
end
$$;

-- migrate:down

do $$
declare
  definition constant text := pg_get_functiondef('write_audit_log()'::regprocedure);
  joined constant text := 'from old_rows as o full join new_rows as n';
begin
  assert position(joined in definition) > 0;
  execute replace(definition, joined, 'from old_rows as o join new_rows as n');
end
$$;
