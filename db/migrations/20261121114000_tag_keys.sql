-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- By which two spellings are one tag: without regard to case and Unicode form, and to characters that no reader sees, such
-- as zero-width and bidirectional marks (the property Default_Ignorable_Code_Point of Unicode 17).
create or replace function tag_key(name text) returns text
language sql immutable parallel safe
return normalize(
  casefold(
    normalize(
      regexp_replace(
        name,
        '[\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164'
        || '\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+',
        '', 'g'
      ),
      nfc
    ) collate pg_unicode_fast
  ),
  nfc
) collate "C";

-- Row-level security holds for the owner too.
create policy backfill on tags to current_user using (true) with check (true);
create policy backfill on task_tags to current_user using (true) with check (true);
create policy backfill on tasks to current_user using (true) with check (true);

-- Of tags that are one now the oldest stays, with the tasks of all. Few tags have such characters in their names. A new
-- changed_xid makes a change of what is none otherwise, and PostgreSQL compute the key anew.
do $$
declare
  stale record;
  same uuid;
begin
  for stale in
    select tenant_id, id, tag_key(name) as key from tags
    where name ~ ('[\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164'
      || '\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]')
    order by tenant_id, created_at, id
    for update
  loop
    select id into same from tags where tenant_id = stale.tenant_id and key = stale.key collate "C" and id <> stale.id;
    if found then
      insert into task_tags (tenant_id, task_id, tag_id)
      select tenant_id, task_id, same from task_tags where tenant_id = stale.tenant_id and tag_id = stale.id
      on conflict do nothing;
      delete from tags where tenant_id = stale.tenant_id and id = stale.id;
    else
      update tags set changed_xid = pg_current_xact_id() where tenant_id = stale.tenant_id and id = stale.id;
    end if;
  end loop;
end
$$;

drop policy backfill on tasks;
drop policy backfill on task_tags;
drop policy backfill on tags;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Keys that are stored stay as they are, until their tags change.
create or replace function tag_key(name text) returns text
language sql immutable parallel safe
return normalize(casefold(normalize(name, nfc) collate pg_unicode_fast), nfc) collate "C";
