-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '30s';

create table idempotency_keys (
  tenant_id uuid not null references tenants (id) on delete cascade,
  key text collate "C" not null check (char_length(key) between 1 and 255),
  -- SHA-256 (hex) over method, path and raw body: the same key with another request is refused.
  request_hash text not null,
  status integer,
  body text,
  etag text,
  location text,
  expires_at timestamptz(3) not null default now() + interval '24 hours',
  primary key (tenant_id, key)
);

create index idempotency_keys_by_expiry on idempotency_keys (expires_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;

create policy tenant on idempotency_keys to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update on idempotency_keys to onetrip_app;

-- Takes the key for this transaction, or ends it: OT001 when the same request has been answered (the
-- stored answer is fetched then), a problem when another request has, or when the first is still running
-- after the lock_timeout of 5 s. The timeout is caught here because no other one means this.
create function claim_idempotency_key(wanted text, hash text) returns void
language plpgsql volatile as $$
declare
  first_hash text;
begin
  insert into idempotency_keys (tenant_id, key, request_hash)
  values (current_tenant(), wanted, hash)
  on conflict (tenant_id, key) do update
  set request_hash = excluded.request_hash, status = null, body = null, etag = null, location = null,
    expires_at = excluded.expires_at
  where idempotency_keys.expires_at < now();
  if found then
    return;
  end if;
  select request_hash into first_hash from idempotency_keys where tenant_id = current_tenant() and key = wanted;
  perform must(first_hash is not distinct from hash, json_build_object(
    'code', 'unprocessable', 'detail', 'This Idempotency-Key was used with another request.'));
  raise exception using errcode = 'OT001', message = 'idempotency key answered already';
exception when lock_not_available then
  perform must(false, json_build_object(
    'code', 'conflict', 'detail', 'The first request with this Idempotency-Key is still running.'));
end
$$;

-- migrate:down

drop function claim_idempotency_key;
drop table idempotency_keys;
