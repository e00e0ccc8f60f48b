-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- What works for all tenants leaves those alone that are not at home in this database: the scheduled purge, the refreshing of
-- texts, and the delivering to webhooks. What it is allowed to do with the others stays as it was.
alter policy janitor on tenants using (status = 'deleting' and placement = 'home');
create policy placement on tenants for select to onetrip_janitor using (placement <> 'home');
-- What was begun to be created and has come to nothing, and what says where a tenant has moved that has been deleted there.
create policy leftover on tenants for delete to onetrip_janitor
using (placement = 'moved' or placement = 'pending' and created_at < now() - interval '1 hour');
create policy at_home on projects as restrictive to onetrip_janitor
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on tasks as restrictive to onetrip_janitor
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on tags as restrictive to onetrip_janitor
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on members as restrictive to onetrip_janitor
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on comments as restrictive to onetrip_janitor
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on audit_log as restrictive to onetrip_janitor
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on idempotency_keys as restrictive to onetrip_janitor
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on webhook_deliveries as restrictive to onetrip_janitor, onetrip_courier
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on webhook_outbox as restrictive to onetrip_janitor, onetrip_courier
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
create policy at_home on stale_tags_json as restrictive for select to onetrip_refresher
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));

-- Who delivers has to see which they are.
grant select (placement) on tenants to onetrip_courier;
create policy placement_for_courier on tenants for select to onetrip_courier using (placement <> 'home');
create policy at_home on webhooks as restrictive to onetrip_courier
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));
-- fan_out_webhooks() finds nothing then.
create policy placement_for_outbox on tenants for select to onetrip_outbox using (placement <> 'home');
create policy fan_out_at_home on webhook_outbox as restrictive for select to onetrip_outbox
using (tenant_id <> all (array(select id from tenants where placement <> 'home')));

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy fan_out_at_home on webhook_outbox;
drop policy placement_for_outbox on tenants;
drop policy at_home on webhooks;
drop policy placement_for_courier on tenants;
revoke select (placement) on tenants from onetrip_courier;
drop policy at_home on stale_tags_json;
drop policy at_home on webhook_outbox;
drop policy at_home on projects;
drop policy at_home on tasks;
drop policy at_home on tags;
drop policy at_home on members;
drop policy at_home on comments;
drop policy at_home on audit_log;
drop policy at_home on idempotency_keys;
drop policy at_home on webhook_deliveries;
drop policy leftover on tenants;
drop policy placement on tenants;
alter policy janitor on tenants using (status = 'deleting');
