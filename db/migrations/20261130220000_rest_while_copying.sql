-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Rows that are copied from another database bring with them what triggers have made of them there: versions, the audit log,
-- texts and counts, words to search for, what is to be delivered. So while `app.copying` is on no trigger acts. That holds for
-- those alone who could also take the triggers away: the setting can be set by anybody. (session_replication_role does the same,
-- and foreign keys are not checked then; but it takes a right that Neon gives to nobody.)

-- Has the triggers of a table rest while rows are copied, or takes that from them. Every table with rows of tenants is given to
-- it once it has its triggers.
create function rest_while_copying(relation regclass, rests boolean default true) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  condition constant text :=
    '((current_setting(''app.copying''::text, true) IS DISTINCT FROM ''on''::text)'
    || ' OR (NOT has_table_privilege(SESSION_USER, (''tenants''::regclass)::oid, ''trigger''::text)))';
  found_trigger record;
  definition text;
begin
  for found_trigger in
    select tgname, pg_get_triggerdef(oid) as definition, tgconstraint <> 0 as is_constraint from pg_trigger
    where tgrelid = relation and not tgisinternal and tgparentid = 0
    and (position(condition in pg_get_triggerdef(oid)) > 0) <> rests
  loop
    definition := found_trigger.definition;
    if not rests then
      definition := replace(replace(definition, ' WHEN (' || condition || ')', ''), ' AND ' || condition, '');
    elsif definition ~ ' WHEN \(.*\) EXECUTE FUNCTION ' then
      definition := regexp_replace(definition, ' WHEN \((.*)\) EXECUTE FUNCTION ', ' WHEN ((\1) AND ' || condition || ') EXECUTE FUNCTION ');
    else
      definition := replace(definition, ' EXECUTE FUNCTION ', ' WHEN (' || condition || ') EXECUTE FUNCTION ');
    end if;
    -- One that is a constraint cannot be replaced.
    if found_trigger.is_constraint then
      execute format('drop trigger %I on %s', found_trigger.tgname, relation);
    else
      definition := replace(definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER');
    end if;
    execute definition;
  end loop;
end
$$;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function rest_while_copying(regclass, boolean);
