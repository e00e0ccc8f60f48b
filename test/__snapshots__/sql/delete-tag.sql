select enter_tenant($1, $2, $3);

select must(found.id is not null, $1::json) as "is_there", must($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "is_as_expected"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "tags"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

delete
from "tags"
where "tenant_id" = $1
and "id" = $2;
