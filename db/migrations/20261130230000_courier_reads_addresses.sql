-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Who delivers is told of a tenant by a message that names the database in which the tenant was when it was sent. It sees there
-- already that the tenant has moved (leave_others_alone), and sees where to, so that it can pass the message on.
grant select (moved_to) on tenants to onetrip_courier;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

revoke select (moved_to) on tenants from onetrip_courier;
