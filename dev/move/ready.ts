import { differences, restlessTriggers, type Table, tenantTables } from './catalogue.ts';
import { inTransaction, only, type Shard } from './session.ts';

/* Whether a tenant can be moved between databases: found out before anything is changed. */

interface State {
  place: string;
  is_standby: boolean;
  bypasses: boolean;
  owns: boolean;
  has_placement: boolean;
}

/** @throws Error of one line that says in which database what is missing */
export async function expectOwners(shards: Shard[]): Promise<void> {
  const places = new Map<string, string>();
  for (const { name, client } of shards) {
    const state = await only<State>(
      client,
      `select (select system_identifier from pg_control_system()) || '/' || current_database() as place,
         pg_is_in_recovery() as is_standby, rolsuper or rolbypassrls as bypasses,
         coalesce(has_table_privilege(to_regclass('tenants')::oid, 'trigger'), false) as owns,
         exists (select from pg_attribute where attrelid = to_regclass('tenants') and attname = 'placement') as has_placement
       from pg_roles where rolname = session_user`,
    );
    if (state.is_standby) throw new Error(`${name} is a replica, and takes no writes.`);
    if (!state.has_placement) throw new Error(`${name} lacks migrations: apply them first.`);
    if (!state.owns) throw new Error(`The role that logs in to ${name} does not own its tables.`);
    if (!state.bypasses) {
      throw new Error(
        `Row-level security hides rows from the role that logs in to ${name}: it needs BYPASSRLS, which Neon's owner has, and a superuser gives elsewhere (alter role … bypassrls).`,
      );
    }
    const other = places.get(state.place);
    if (other) throw new Error(`${other} and ${name} are the same database.`);
    places.set(state.place, name);
  }
}

/**
 * @returns the tables to be copied, with their columns in the order of the target
 * @throws Error of one line where the rows of one database do not fit into the other, or something would act on them there
 */
export async function expectSameTables(source: Shard, target: Shard): Promise<Table[]> {
  const [here, there] = await Promise.all([tablesOf(source), tablesOf(target)]);
  const [first, ...others] = differences(here, there);
  if (!first) return there;
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  throw new Error(
    `${source.name} and ${target.name} differ in ${first}${more}: apply the same migrations to both first.`,
  );
}

async function tablesOf({ name, client }: Shard): Promise<Table[]> {
  const { tables, restless } = await inTransaction(client, 'read', async () => {
    const found = await tenantTables(client);
    return { tables: found, restless: await restlessTriggers(client, found) };
  });
  if (restless.length === 0) return tables;
  throw new Error(
    `${name} lacks migrations, or a table was not given to rest_while_copying(): the trigger ${restless[0]} would act on what is copied.`,
  );
}
