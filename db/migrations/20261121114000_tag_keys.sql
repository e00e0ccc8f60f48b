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
        regexp_replace(
          name collate pg_unicode_fast,
          '[\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164'
          || '\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+',
          '', 'g'
        ),
        '^[[:space:]]+|[[:space:]]+$', '', 'g'
      ),
      nfc
    ) collate pg_unicode_fast
  ),
  nfc
) collate "C";

-- For the next file, which computes the keys of tags that are there: row-level security holds for the owner too.
create policy backfill on tags to current_user using (true) with check (true);
create policy backfill on task_tags to current_user using (true) with check (true);
create policy backfill on tasks to current_user using (true) with check (true);

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy backfill on tasks;
drop policy backfill on task_tags;
drop policy backfill on tags;

-- Keys that are stored stay as they are, until their tags change.
create or replace function tag_key(name text) returns text
language sql immutable parallel safe
return normalize(casefold(normalize(name, nfc) collate pg_unicode_fast), nfc) collate "C";
