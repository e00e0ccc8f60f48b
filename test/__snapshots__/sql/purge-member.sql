select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "members"
where tenant_id = $4
and id = $5 ) as locked on true ) as "found";

select raise_unless((select status = 'deactivated'
from members
where tenant_id = $1
and id = $2), $3::json) as "allowed";

select split_unless(( erase_person($1, $2)
and erase_person_from_deliveries($3, $4))) as "erased";

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "members"
where tenant_id = $4
and id = $5 for
update ) as locked on true ) as "found";

select raise_unless((select status = 'deactivated'
from members
where tenant_id = $1
and id = $2), $3::json) as "allowed";

select split_unless(( erase_person($1, $2)
and erase_person_from_deliveries($3, $4))) as "erased";

delete
from "members"
where "tenant_id" = $1
and "id" = $2;
