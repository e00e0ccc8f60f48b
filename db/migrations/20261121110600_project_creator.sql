-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Who made the row: the actor of the transaction. Rows that are there already have none; their audit log may say.
alter table projects add column created_by text;
alter table projects alter column created_by set default nullif(current_setting('app.actor', true), '');

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- squawk-ignore ban-drop-column
alter table projects drop column created_by;
