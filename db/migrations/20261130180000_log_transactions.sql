-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- The transaction that wrote an entry: what is to be read in the order in which it became final is read by this and the id.
-- (An id or a time is given out before the transaction commits, which may be long after others that began later.) Entries
-- of before have none. The default is set by itself, because added with the column it would be computed once, for all of them.
alter table audit_log add column xid xid8;
alter table audit_log alter column xid set default pg_current_xact_id();

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- squawk-ignore ban-drop-column
alter table audit_log drop column xid;
