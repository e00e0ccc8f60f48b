select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless((
select true
from api_keys
where tenant_id = $1
and id = $2 for no key update), $3::json) as "allowed";

update "api_keys"
set "revoked_at" = now()
where "tenant_id" = $1
and "id" = $2
and "revoked_at" is null;
