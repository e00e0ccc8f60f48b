import type { Ask } from './support.ts';
import type { Creation, Ledger, Register, TagSet, Trashing } from './support-load.ts';

/* Compares what the clients of a load were told with what is stored. */

interface Entry {
  action: string;
  resource_type: string;
  resource_id: string;
  changes: Record<string, [unknown, unknown]>;
}

interface TaskRow {
  id: string;
  title: string;
  description: string | null;
  version: number;
  trashed: boolean;
}

interface Stored {
  tasks: Map<string, TaskRow>;
  rows: Record<Creation['table'], { id: string; marker: string; description: string | null }[]>;
  log: Map<string, Entry[]>;
  taggings: Map<string, string[]>;
}

/** @returns a sentence for everything that was lost, done twice, done though refused, or logged otherwise than done */
export async function check(ask: Ask, ledger: Ledger): Promise<string[]> {
  const stored = await read(ask, ledger.tenantId);
  return [
    ...ledger.creations.flatMap((creation) => checkCreation(creation, stored)),
    ...checkNothingElse(ledger, stored),
    ...ledger.registers.flatMap((register) => checkRegister(register, stored)),
    ...ledger.tagSets.flatMap((tagSet) => checkTagSet(tagSet, stored)),
    ...ledger.trashings.flatMap((trashing) => checkTrashing(trashing, stored)),
    ...checkSideEffects(stored),
  ];
}

async function read(ask: Ask, tenantId: string): Promise<Stored> {
  const all = <T>(sql: string) => ask(sql, [tenantId]) as Promise<unknown> as Promise<T[]>;
  const tasks = await all<TaskRow>(
    'select id, title, description, version, deleted_at is not null as trashed from tasks where tenant_id = $1',
  );
  const projects = await all<{ id: string; name: string; description: string | null }>(
    'select id, name, description from projects where tenant_id = $1',
  );
  const log = await all<Entry>(
    'select action, resource_type, resource_id, changes from audit_log where tenant_id = $1 order by at, id',
  );
  const taggings = await all<{ task_id: string; tag_id: string }>(
    'select task_id, tag_id from task_tags where tenant_id = $1',
  );
  return {
    tasks: new Map(tasks.map((task) => [task.id, task])),
    rows: {
      tasks: tasks.map(({ title, ...rest }) => ({ ...rest, marker: title })),
      projects: projects.map(({ name, ...rest }) => ({ ...rest, marker: name })),
    },
    log: Map.groupBy(log, ({ resource_id }) => resource_id),
    taggings: new Map(
      [...Map.groupBy(taggings, ({ task_id }) => task_id)].map(([id, list]) => [id, list.map(({ tag_id }) => tag_id)]),
    ),
  };
}

function checkCreation({ table, marker, outcome, told }: Creation, { rows, log }: Stored): string[] {
  const found = rows[table].filter((row) => row.marker === marker);
  const where = `${marker} (${outcome})`;
  const possible = outcome === 'done' ? [1] : outcome === 'refused' ? [0] : [0, 1];
  if (!possible.includes(found.length)) return [`${where} is there ${found.length} times`];
  const [row] = found;
  if (!row) return [];
  const inserts = (log.get(row.id) ?? []).filter(({ action }) => action === 'insert');
  return [
    ...(told && (row.id !== told.id || row.description !== told.description) ? [`${where} is not as told`] : []),
    ...(inserts.length === 1 ? [] : [`${where} was logged ${inserts.length} times`]),
  ];
}

/** Every project is one that somebody asked for. */
function checkNothingElse({ creations }: Ledger, { rows }: Stored): string[] {
  const asked = new Set(creations.map(({ marker }) => marker));
  return rows.projects.filter(({ marker }) => !asked.has(marker)).map(({ marker }) => `nobody asked for ${marker}`);
}

function checkRegister({ id, writes }: Register, { tasks, log }: Stored): string[] {
  const row = tasks.get(id);
  if (!row) return [`the task ${id} is gone`];
  const entries = (log.get(id) ?? []).filter(({ action }) => action !== 'insert');
  const logged = entries.map(({ changes }) => changes.title?.[1]);
  const times = Map.groupBy(logged, (title) => title);
  const faults = writes.flatMap(({ title, outcome }) => {
    const count = times.get(title)?.length ?? 0;
    const possible = outcome === 'done' ? [1] : outcome === 'refused' ? [0] : [0, 1];
    return possible.includes(count) ? [] : [`${title} of ${id} (${outcome}) was logged ${count} times`];
  });
  const asked = new Set(writes.map(({ title }) => title));
  for (const title of logged) if (!asked.has(title as string)) faults.push(`${id} has an entry that nobody wrote`);

  const versions = writes.flatMap(({ version }) => version ?? []);
  if (new Set(versions).size < versions.length) faults.push(`two writes of ${id} were told one version`);
  if (row.version !== 1 + logged.length) faults.push(`${id} has version ${row.version} of ${logged.length} changes`);
  const last = writes.find(({ version }) => version === row.version);
  const possible = last
    ? [last.title]
    : writes.filter(({ outcome }) => outcome === 'unknown').map(({ title }) => title);
  if (row.version > 1 && !possible.includes(row.title)) faults.push(`${id} is ${row.title}: a write was lost`);
  return faults;
}

function checkTagSet({ id, tags }: TagSet, { tasks, taggings, log }: Stored): string[] {
  const stored = taggings.get(id) ?? [];
  const entries = (log.get(id) ?? []).filter(({ resource_type }) => resource_type === 'tagging');
  const net = entries.reduce((sum, { action }) => sum + (action === 'insert' ? 1 : -1), 0);
  return [
    ...(stored.toSorted().join() === [...tags].toSorted().join() ? [] : [`the tags of ${id} are not as told`]),
    ...(net === stored.length ? [] : [`the log has ${net} tags on ${id}, and there are ${stored.length}`]),
    ...(tasks.get(id)?.version === 1 + entries.length ? [] : [`the version of ${id} does not count its tags`]),
  ];
}

function checkTrashing({ id, outcome }: Trashing, { tasks, log }: Stored): string[] {
  const { trashed = false } = tasks.get(id) ?? {};
  const times = (log.get(id) ?? []).filter(({ action }) => action === 'trash').length;
  const possible = outcome === 'done' ? [true] : outcome === 'refused' ? [false] : [true, false];
  return [
    ...(possible.includes(trashed) ? [] : [`${id} (${outcome}) is ${trashed ? '' : 'not '}in the trash`]),
    ...(times === Number(trashed) ? [] : [`${id} went to the trash ${times} times`]),
  ];
}

/** What a refused write would have made beside its row, had the batch not been one transaction. */
function checkSideEffects({ log }: Stored): string[] {
  const never = [...log.values()].flat().filter(({ changes }) => changes.name?.[1] === 'never');
  return never.length === 0 ? [] : ['a refused write left a tag behind'];
}
