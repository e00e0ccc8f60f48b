-- Makes a table anew, as partitions or as one, with all that belongs to it: columns, constraints, indexes, triggers,
-- policies, grants, foreign keys of other tables, functions in SQL that read it. All of it is read from the catalogue,
-- so that later migrations are not forgotten here.
--
-- pg_temp: the functions are gone with the session. See partition-tasks.sql and docs/scaling.md.

-- The policies of other tables that read a table.
create function pg_temp.policies_on(of_table regclass) returns setof pg_policy
language sql stable
begin atomic
  select distinct on (pg_policy.oid) pg_policy.* from pg_policy
  join pg_depend on classid = 'pg_policy'::regclass and objid = pg_policy.oid
  where refclassid = 'pg_class'::regclass and refobjid = of_table and polrelid <> of_table;
end;

create function pg_temp.rebuild_table(name text, partitions integer) returns void
language plpgsql as $$
declare
  old_table constant regclass := name::regclass;
  columns constant text := (
    select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
    where attrelid = old_table and attnum > 0 and not attisdropped and attgenerated = ''
  );
  -- What is made again once the rows are there, in this order: a foreign key needs the key it refers to.
  definitions constant text[] := array(
    select definition from (
      select 1, conname::text, format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      from pg_constraint where conrelid = old_table and contype in ('p', 'u')
      union all
      select 2, indexrelid::regclass::text, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
      from pg_index where indrelid = old_table and not exists (select from pg_constraint where conindid = indexrelid)
      union all
      select 3, conname, format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      from pg_constraint where old_table in (conrelid, confrelid) and contype = 'f' and conparentid = 0
      union all
      select 4, tgname, pg_get_triggerdef(oid)
      from pg_trigger where tgrelid = old_table and not tgisinternal
      union all
      -- Those of other tables too that read this one.
      select 5, tablename || '.' || policyname, format('create policy %I on %I as %s for %s to %s', policyname, tablename, permissive, cmd,
          (select string_agg(quote_ident(role), ', ') from unnest(roles) as role))
        || coalesce(' using (' || qual || ')', '') || coalesce(' with check (' || with_check || ')', '')
      from pg_policies where schemaname = current_schema()
      and (tablename = name or (tablename, policyname) in (select polrelid::regclass::text, polname from pg_temp.policies_on(old_table)))
      union all
      select 6, lpad(min(n)::text, 9, '0'), format('grant %s on %I to %I', string_agg(privilege_type, ', ' order by n), name, grantee::regrole)
      from pg_class, aclexplode(relacl) with ordinality as acl (grantor, grantee, privilege_type, is_grantable, n)
      where oid = old_table and grantee <> relowner group by grantee
      union all
      select 7, lpad(attnum::text, 9, '0'), format('grant %s (%I) on %I to %I', privilege_type, attname, name, grantee::regrole)
      from pg_attribute, aclexplode(attacl) where attrelid = old_table and not attisdropped
    ) as everything (step, name, definition) order by step, everything.name
  );
  -- A body in SQL holds on to the table itself, not to its name.
  functions constant text[] := array(
    select distinct pg_get_functiondef(objid) from pg_depend
    where refclassid = 'pg_class'::regclass and refobjid = old_table and classid = 'pg_proc'::regclass
  );
  -- What the planner is to believe of columns that ANALYZE leaves alone, as the migration on planner statistics has it:
  -- the owner, under the policies, may not read what is there.
  declared constant jsonb := (
    select jsonb_object_agg(attname, 20) from pg_attribute
    where attrelid = old_table and attstattarget = 0
  );
  statement text;
  before bigint;
  after bigint;
begin
  execute format('create table %I (like %I including defaults including generated including constraints including storage) %s',
    name || '_rebuilt', name, case when partitions > 0 then 'partition by hash (tenant_id)' end);
  for n in 0 .. partitions - 1 loop
    execute format('create table %I partition of %I for values with (modulus %s, remainder %s)',
      name || '_' || lpad(n::text, 2, '0'), name || '_rebuilt', partitions, n);
  end loop;

  for statement in
    select format('alter table %s drop constraint %I', conrelid::regclass, conname)
    from pg_constraint where old_table in (conrelid, confrelid) and contype = 'f' and conparentid = 0
    union all
    select format('drop policy %I on %s', polname, polrelid::regclass) from pg_temp.policies_on(old_table)
  loop
    execute statement;
  end loop;

  -- Otherwise the owner, who is under the policies too, would copy no row, and nobody would be told.
  execute format('alter table %I disable row level security', name);
  execute format('insert into %I (%s) select %s from %I', name || '_rebuilt', columns, columns, name);
  get diagnostics after = row_count;
  execute format('select count(*) from %I', name) into before;
  if after <> before then
    raise exception '% of % rows were copied', after, before;
  end if;

  execute format('alter table %I rename to %I', name, name || '_old');
  execute format('alter table %I rename to %I', name || '_rebuilt', name);
  foreach statement in array functions loop
    execute statement;
  end loop;
  execute format('drop table %I', name || '_old');
  foreach statement in array definitions loop
    execute statement;
  end loop;

  perform case attname when 'parent_id' then expect_few_children(relid)
    else expect_distinct(relid, attname, n_distinct::integer) end
  from (select relid from pg_partition_tree(name::regclass) union select name::regclass) as part (relid),
    jsonb_each_text(declared) as column_of (attname, n_distinct);

  -- The policies of the whole do not hold for who names a part: there nobody is let in, and nobody is granted anything.
  for statement in
    select format('alter table %s enable row level security, force row level security', relid)
    from pg_partition_tree(name::regclass)
    union all
    -- A table that is not partitioned is not among them.
    select format('alter table %I enable row level security, force row level security', name) where partitions = 0
  loop
    execute statement;
  end loop;
end
$$;
