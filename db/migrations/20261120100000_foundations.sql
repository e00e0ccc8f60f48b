-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '30s';

-- Composite GIN indexes lead with tenant_id, so that a search reads one tenant's postings only.
create extension if not exists btree_gin;

-- The Worker's login role is a member of onetrip_app and of nothing else (docs in CONTRIBUTING.md).
-- Roles belong to the whole cluster, so another database of it may have made them already.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['onetrip_app', 'onetrip_auditor', 'onetrip_search'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      execute format('create role %I nologin', wanted);
    end if;
  end loop;
end
$$;

grant usage on schema public to onetrip_app, onetrip_auditor, onetrip_search;

-- After a transaction the setting is '' and not NULL, hence the nullif.
create function current_tenant() returns uuid
language sql stable parallel safe
return nullif(current_setting('app.tenant_id', true), '')::uuid;

-- Ends the transaction with a problem for the caller (SQLSTATE OT000, the problem as JSON in DETAIL)
-- unless the condition is true. What may not happen is decided under locks, in the batch itself.
create function must(condition boolean, problem json) returns void
language plpgsql volatile as $$
begin
  if condition is not true then
    raise exception using errcode = 'OT000', message = problem ->> 'code', detail = problem::text;
  end if;
end
$$;

-- Ends the transaction as a serialisation failure, so that the batch is sent again, unless the condition is true.
create function retry_unless(condition boolean) returns void
language plpgsql volatile as $$
begin
  if condition is not true then
    raise exception using errcode = 'serialization_failure', message = 'what this batch relied on has changed';
  end if;
end
$$;

-- An answer of at most 8 MiB, otherwise a problem that names the parameter to lower.
create function within_limit(body text, parameter text) returns text
language plpgsql stable parallel safe as $$
begin
  if octet_length(body) > 8388608 then
    raise exception using errcode = 'OT000', message = 'unprocessable', detail = json_build_object(
      'code', 'unprocessable',
      'detail', format('The answer would exceed 8 MiB; lower %s.', parameter),
      'errors', json_build_array(json_build_object(
        'pointer', parameter, 'code', 'answer_too_large', 'message', 'makes the answer exceed 8 MiB'))
    )::text;
  end if;
  return body;
end
$$;

create function rfc3339(moment timestamptz) returns text
language sql stable parallel safe
return to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

-- "<version>.<digest>", or the digest alone where there is no version.
create function etag_of(version integer, body text) returns text
language sql stable parallel safe
return concat_ws('.', version::text, left(encode(sha256(convert_to(body, 'UTF8')), 'hex'), 32));

-- The sort values of the last row shown, base64url, with a checksum over them and the context
-- (tenant, path, filters, sort). The Worker checks it before the database is asked.
create function make_cursor(context text, keys json) returns text
language sql stable parallel safe
begin atomic
  select payload || '.' || left(encode(sha256(convert_to(payload || '.' || context, 'UTF8')), 'hex'), 16)
  from (
    select translate(encode(convert_to(keys::text, 'UTF8'), 'base64'), E'+/=\n', '-_') as payload
  ) as encoded;
end;

-- First statement of every batch of a tenant: who asks, in which request, within which limits; and that
-- the tenant is known and active. Everything is local to the transaction.
create function enter_tenant(tenant uuid, actor text, request_id text) returns void
language plpgsql volatile as $$
begin
  perform
    set_config('app.tenant_id', tenant::text, true),
    set_config('app.role', 'tenant', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true);
  if not exists (select from tenants where id = tenant and status = 'active') then
    perform must(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  end if;
end
$$;

-- First statement of a batch that manages tenants: opens the tenants table and nothing else.
create function enter_platform(actor text, request_id text) returns void
language plpgsql volatile as $$
begin
  perform
    set_config('app.tenant_id', '', true),
    set_config('app.role', 'platform', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true);
end
$$;

-- RFC 7396: what the patch names is set, null takes away, objects are merged member by member.
create function merge_patch(target jsonb, patch jsonb) returns jsonb
language sql immutable parallel safe as $$
  select case
    when jsonb_typeof(patch) <> 'object' then patch
    else coalesce(
      (
        select jsonb_object_agg(key, value)
        from (
          select kept.key, kept.value
          from jsonb_each(case when jsonb_typeof(target) = 'object' then target else '{}' end) as kept
          where not patch ? kept.key
          union all
          select named.key, merge_patch(case when jsonb_typeof(target) = 'object' then target -> named.key end, named.value)
          from jsonb_each(patch) as named
          where named.value <> 'null'
        ) as merged
      ),
      '{}'
    )
  end
$$;

-- Keeps version and updated_at, so that no path can forget them. A change that changes nothing is no
-- change: NULL skips the row, and the audit with it. A version counts transactions, not statements:
-- nobody else can have seen what lies between two statements of one.
create function stamp_change() returns trigger
language plpgsql as $$
declare
  derived constant text[] := array['search', 'key', 'version', 'updated_at'];
begin
  if to_jsonb(new) - derived = to_jsonb(old) - derived then
    return null;
  end if;
  -- What refers to a row, the audit log among it, knows it by these.
  if (new.tenant_id, new.id) is distinct from (old.tenant_id, old.id) then
    raise exception using errcode = 'feature_not_supported', message = 'a row keeps its id and tenant';
  end if;
  new.version := case when old.changed_xid = pg_current_xact_id() then old.version else old.version + 1 end;
  new.changed_xid := pg_current_xact_id();
  -- A transaction that waited for a lock may have begun before the change that it waited for.
  new.updated_at := greatest(old.updated_at, now());
  return new;
end
$$;

-- Lets /ready compare the newest migration with the one that the code was built for.
grant select on schema_migrations to onetrip_app;

-- migrate:down

revoke all on schema_migrations from onetrip_app;
drop function stamp_change;
drop function merge_patch;
drop function enter_platform;
drop function enter_tenant;
drop function make_cursor;
drop function etag_of;
drop function rfc3339;
drop function within_limit;
drop function retry_unless;
drop function must;
drop function current_tenant;
drop extension btree_gin;
revoke usage on schema public from onetrip_app, onetrip_auditor, onetrip_search;

-- A role with which somebody logs in, or which another database of the cluster needs, stays.
do $$
declare
  made text;
begin
  for made in
    select rolname from pg_roles
    where rolname in ('onetrip_app', 'onetrip_auditor', 'onetrip_search') and not exists (
      select from pg_auth_members join pg_roles as member on member.oid = pg_auth_members.member
      where roleid = pg_roles.oid and member.rolname <> current_user
    )
  loop
    begin
      execute format('drop role %I', made);
    exception when dependent_objects_still_exist then
      null;
    end;
  end loop;
end
$$;
