import type { Ask } from './support.ts';
import type { Associations, Creation, Ledger, Outcome, Register, Removal } from './support-load.ts';

/* Compares what the clients of a load were told with what is stored. */

interface Entry {
  action: string;
  resource_type: string;
  resource_id: string;
  changes: Record<string, [unknown, unknown]>;
}

interface Row {
  id: string;
  /** The name, title or body. */
  marker: string;
  description: string | null;
  version: number;
  trashed: boolean;
}

interface Stored {
  rows: Record<Creation['table'], Row[]>;
  /** The tasks and comments, by id. */
  byId: Map<string, Row>;
  log: Map<string, Entry[]>;
  /** By type and task, the ids of what it is associated with. */
  associations: Map<string, string[]>;
  /** Tasks whose number of comments, or whose mark of having blockers, is not what the other tables say. */
  miscounted: string[];
}

/** @returns a sentence for everything that was lost, done twice, done though refused, or logged otherwise than done */
export async function check(ask: Ask, ledger: Ledger): Promise<string[]> {
  const stored = await read(ask, ledger.tenantId);
  return [
    ...ledger.creations.flatMap((creation) => checkCreation(creation, stored, ledger)),
    ...checkNothingElse(ledger, stored),
    ...ledger.registers.flatMap((register) => checkRegister(register, stored)),
    ...ledger.associations.flatMap((own) => checkAssociations(own, stored)),
    ...ledger.trashings.flatMap((trashing) => checkTrashing(trashing, stored)),
    ...ledger.deletions.flatMap((deletion) => checkDeletion(deletion, stored)),
    ...checkSideEffects(stored),
    ...stored.miscounted.map((id) => `what ${id} says of its comments and blockers is not so`),
  ];
}

/** Where each table keeps what a client may have marked. */
const MARKERS: Record<Creation['table'], string> = {
  projects: 'name as marker, description, version, deleted_at is not null as trashed',
  tasks: 'title as marker, description, version, deleted_at is not null as trashed',
  comments: 'body as marker, null as description, version, false as trashed',
  members: 'name as marker, null as description, version, false as trashed',
};

async function read(ask: Ask, tenantId: string): Promise<Stored> {
  const all = <T>(sql: string) => ask(sql, [tenantId]) as Promise<unknown> as Promise<T[]>;
  const rows = {} as Stored['rows'];
  for (const [table, columns] of Object.entries(MARKERS)) {
    rows[table as Creation['table']] = await all<Row>(`select id, ${columns} from ${table} where tenant_id = $1`);
  }
  const log = await all<Entry>(
    'select action, resource_type, resource_id, changes from audit_log where tenant_id = $1 order by at, id',
  );
  const associations = await all<{ key: string; other: string }>(
    `select 'tagging ' || task_id as key, tag_id as other from task_tags where tenant_id = $1
     union all select 'assignee ' || task_id, member_id from assignees where tenant_id = $1
     union all select 'dependency ' || task_id, blocker_id from dependencies where tenant_id = $1`,
  );
  const miscounted = await all<{ id: string }>(
    `select id from tasks as t where tenant_id = $1 and (
       comment_count <> (select count(*) from comments where tenant_id = $1 and task_id = t.id)
       or (not has_blockers and exists (select from dependencies where tenant_id = $1 and task_id = t.id)))`,
  );
  return {
    rows,
    byId: new Map([...rows.tasks, ...rows.comments].map((row) => [row.id, row])),
    log: Map.groupBy(log, ({ resource_id }) => resource_id),
    associations: new Map(
      [...Map.groupBy(associations, ({ key }) => key)].map(([key, list]) => [key, list.map(({ other }) => other)]),
    ),
    miscounted: miscounted.map(({ id }) => id),
  };
}

function possibleCounts(outcome: Outcome): number[] {
  return outcome === 'done' ? [1] : outcome === 'refused' ? [0] : [0, 1];
}

function checkCreation({ table, marker, outcome, told }: Creation, { rows, log }: Stored, ledger: Ledger): string[] {
  // What was deleted afterwards is looked at there.
  if (ledger.deletions.some((deletion) => deletion.marker === marker)) return [];
  const found = rows[table].filter((row) => row.marker === marker);
  const where = `${marker} (${outcome})`;
  if (!possibleCounts(outcome).includes(found.length)) return [`${where} is there ${found.length} times`];
  const [row] = found;
  if (!row) return [];
  const inserts = (log.get(row.id) ?? []).filter(({ action }) => action === 'insert');
  return [
    ...(told && (row.id !== told.id || row.description !== told.description) ? [`${where} is not as told`] : []),
    ...(inserts.length === 1 ? [] : [`${where} was logged ${inserts.length} times`]),
  ];
}

/** Every project, comment and member is one that somebody asked for. */
function checkNothingElse({ creations, registers }: Ledger, { rows }: Stored): string[] {
  const asked = new Set([...creations.map(({ marker }) => marker), ...registers.map(({ id }) => id)]);
  return [...rows.projects, ...rows.comments, ...rows.members]
    .filter(({ id, marker }) => !asked.has(marker) && !asked.has(id))
    .map(({ marker }) => `nobody asked for ${marker}`);
}

function checkRegister({ table, id, writes }: Register, { byId, log }: Stored): string[] {
  const row = byId.get(id);
  if (!row) return [`the row ${id} of ${table} is gone`];
  const entries = (log.get(id) ?? []).filter(({ action }) => action !== 'insert');
  const logged = entries.map(({ changes }) => changes[table === 'tasks' ? 'title' : 'body']?.[1]);
  const times = Map.groupBy(logged, (marker) => marker);
  const faults = writes.flatMap(({ marker, outcome }) => {
    const count = times.get(marker)?.length ?? 0;
    return possibleCounts(outcome).includes(count) ? [] : [`${marker} of ${id} (${outcome}) was logged ${count} times`];
  });
  const asked = new Set(writes.map(({ marker }) => marker));
  for (const marker of logged) if (!asked.has(marker as string)) faults.push(`${id} has an entry that nobody wrote`);

  const versions = writes.flatMap(({ version }) => version ?? []);
  if (new Set(versions).size < versions.length) faults.push(`two writes of ${id} were told one version`);
  if (row.version !== 1 + logged.length) faults.push(`${id} has version ${row.version} of ${logged.length} changes`);
  const last = writes.find(({ version }) => version === row.version);
  const possible = last ? [last] : writes.filter(({ outcome }) => outcome === 'unknown');
  if (row.version > 1 && !possible.some(({ marker }) => marker === row.marker)) {
    faults.push(`${id} is ${row.marker}: a write was lost`);
  }
  return faults;
}

function checkAssociations({ type, id, others }: Associations, { byId, associations, log }: Stored): string[] {
  const stored = associations.get(`${type} ${id}`) ?? [];
  const entries = (log.get(id) ?? []).filter(({ resource_type }) => resource_type === type);
  const net = entries.reduce((sum, { action }) => sum + (action === 'insert' ? 1 : -1), 0);
  return [
    ...(stored.toSorted().join() === [...others].toSorted().join() ? [] : [`the ${type} set of ${id} is not as told`]),
    ...(net === stored.length
      ? []
      : [`the log has ${net} of the ${type} set of ${id}, where there are ${stored.length}`]),
    ...(byId.get(id)?.version === 1 + entries.length ? [] : [`the version of ${id} does not count its ${type} set`]),
  ];
}

function checkTrashing({ id, outcome }: Removal, { byId, log }: Stored): string[] {
  const { trashed = false } = byId.get(id) ?? {};
  const times = (log.get(id) ?? []).filter(({ action }) => action === 'trash').length;
  const possible = outcome === 'done' ? [true] : outcome === 'refused' ? [false] : [true, false];
  return [
    ...(possible.includes(trashed) ? [] : [`${id} (${outcome}) is ${trashed ? '' : 'not '}in the trash`]),
    ...(times === Number(trashed) ? [] : [`${id} went to the trash ${times} times`]),
  ];
}

/** A deleted comment is gone, and what it said stands nowhere. */
function checkDeletion({ id, marker, outcome }: Ledger['deletions'][number], { byId, log }: Stored): string[] {
  const there = byId.has(id);
  const entries = log.get(id) ?? [];
  const possible = outcome === 'done' ? [false] : outcome === 'refused' ? [true] : [true, false];
  const deleted = entries.filter(({ action }) => action === 'delete').length;
  return [
    ...(possible.includes(there) ? [] : [`${marker} (deleted: ${outcome}) is ${there ? '' : 'not '}there`]),
    ...(deleted === Number(!there) ? [] : [`${marker} was deleted ${deleted} times`]),
    ...(there || !JSON.stringify(entries).includes(marker) ? [] : [`the log still says ${marker}`]),
  ];
}

/** What a refused write would have made beside its row, had the batch not been one transaction. */
function checkSideEffects({ log }: Stored): string[] {
  const never = [...log.values()].flat().filter(({ changes }) => changes.name?.[1] === 'never');
  return never.length === 0 ? [] : ['a refused write left a tag behind'];
}
