import { readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';

const read = (file: string) => readFileSync(new URL(`../../db/scaling/${file}`, import.meta.url), 'utf8');

/** Parts the tables as db/scaling says, in one transaction, as `psql -1` does; `down` takes it back. */
export async function partitionTasks(owner: ClientBase, direction: 'up' | 'down'): Promise<void> {
  const file = direction === 'up' ? 'partition-tasks.sql' : 'unpartition-tasks.sql';
  try {
    await owner.query(`begin; ${read('rebuild-table.sql')} ${read(file)} commit`);
  } catch (error) {
    await owner.query('rollback');
    throw error;
  } finally {
    // They would be there until the session ends.
    await owner.query('drop function if exists pg_temp.rebuild_table, pg_temp.policies_on');
  }
}
