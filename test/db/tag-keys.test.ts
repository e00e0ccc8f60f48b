import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrationsDirectory } from '../../dev/local/migrate.ts';
import { useDatabase } from '../support/database.ts';
import { insert, makeWorld, value } from './sessions.ts';

/* What becomes of tags that were two and are one since characters that nobody sees no longer count. */

const database = useDatabase();
/** The statements of a migration. */
async function migration(name: string, direction: 'up' | 'down'): Promise<string> {
  const file = await readFile(join(migrationsDirectory, `20261121${name}.sql`), 'utf8');
  return file.split('-- migrate:down')[direction === 'up' ? 0 : 1] ?? '';
}

test('are joined: the oldest stays, with the tasks of both', async () => {
  const { admin } = database;
  const run = async (name: string, direction: 'up' | 'down') =>
    admin.query(`begin; ${await migration(name, direction)}; commit`);
  await run('114200_end_tag_keys_fill', 'down');
  await run('114000_tag_keys', 'down');
  const { tenant, task, subtask } = await makeWorld(admin);
  const tag = async (name: string) => {
    const make = `insert into tags (tenant_id, name, created_at) values ($1, $2, clock_timestamp()) returning id`;
    const id = await value<string>(admin, make, [tenant, name]);
    return id;
  };
  const ids = [await tag('home'), await tag('ho\u200bme'), await tag('\u2067office\u2069'), await tag('office\u00ad')];
  const [home, , office] = ids;
  const tagged: [string, number][] = [
    [task, 0],
    [task, 1],
    [subtask, 1],
    [subtask, 3],
  ];
  for (const [task_id, n] of tagged) await insert(admin, 'task_tags', { tenant_id: tenant, task_id, tag_id: ids[n] });
  await run('114000_tag_keys', 'up');
  await admin.query(await migration('114100_fill_tag_keys', 'up'));
  await run('114200_end_tag_keys_fill', 'up');
  const { rows } = await admin.query(
    `select tags.id, key, array_agg(task_id) filter (where task_id is not null) as tasks
     from tags left join task_tags on tag_id = tags.id where tags.tenant_id = $1 and name <> 'design' group by 1, 2 order by 2`,
    [tenant],
  );
  expect(rows).toEqual([
    { id: home, key: 'home', tasks: expect.arrayContaining([task, subtask]) },
    { id: office, key: 'office', tasks: [subtask] },
  ]);
  expect(await value(admin, `select count(*)::int from pg_policies where policyname = 'backfill'`)).toBe(0);
});
