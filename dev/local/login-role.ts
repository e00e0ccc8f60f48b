import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Login, withClient } from './database.ts';

interface Role {
  name: string;
  password: string;
}

/** The roles of the Worker, of its scheduled purge, and of delivering to webhooks: their names, and the group whose rights each has. */
const KINDS = {
  worker: { name: 'onetrip_dev', group: 'onetrip_app' },
  janitor: { name: 'onetrip_dev_janitor', group: 'onetrip_janitor' },
  courier: { name: 'onetrip_dev_courier', group: 'onetrip_courier' },
};

/**
 * Makes a login role, a member of its group and of nothing else, and sets its password.
 *
 * The password is random and kept in `dataDir`. In a database that others may use too (`shared`), the name has a random
 * suffix: a second `npm run dev` with another data directory would otherwise change the password of the first one's role.
 *
 * @returns how the role logs in to the database of `owner`.
 * @throws Error of PostgreSQL; or of one line, if the role exists and may do more than it should
 */
export async function makeLoginRole(
  kind: keyof typeof KINDS,
  { owner, dataDir, shared }: { owner: Login; dataDir: string; shared: boolean },
): Promise<Login> {
  const place = createHash('sha256').update(`${owner.host}:${owner.port}/${owner.database}`).digest('hex').slice(0, 12);
  const file = join(dataDir, shared ? `${kind}-role-${place}.json` : `${kind}-role.json`);
  const suffix = shared ? `_${randomBytes(4).toString('hex')}` : '';
  const { name, password } = await loadOrCreateRole(file, `${KINDS[kind].name}${suffix}`);
  await withClient(owner, async (client) => {
    const { rows } = await client.query(
      `select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or exists (
         select from pg_auth_members as m where m.member = r.oid and m.roleid <> $2::regrole
       ) as excessive
       from pg_roles as r where rolname = $1`,
      [name, KINDS[kind].group],
    );
    if (rows[0]?.excessive) {
      throw new Error(`The role ${name} may do more than it should: drop it, and it will be made anew.`);
    }
    // Neither statement takes parameters.
    const role = client.escapeIdentifier(name);
    const secret = client.escapeLiteral(password);
    await client.query(`${rows.length === 0 ? 'create' : 'alter'} role ${role} login password ${secret}`);
    await client.query(`grant ${KINDS[kind].group} to ${role}`);
  });
  return { ...owner, user: name, password };
}

/** The role of an earlier run, or a new one with that name. */
async function loadOrCreateRole(file: string, name: string): Promise<Role> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Role;
  } catch {
    const role = { name, password: randomBytes(24).toString('base64url') };
    await writeFile(file, `${JSON.stringify(role)}\n`, { mode: 0o600 });
    return role;
  }
}
