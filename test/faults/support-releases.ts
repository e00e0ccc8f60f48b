import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Cluster } from './support.ts';

/*
 * What every release so far sends, in its simplest form, as the Worker's role: reads and writes of each table, within
 * the limits of time that `enter_tenant` sets, sent again after a deadlock. A migration is applied while the release
 * before it is running, which may know less than the code of today; so these name nothing that a later migration than
 * the first ones made.
 */

const STATEMENTS = [
  `select p.name, count(t.id) from projects as p left join tasks as t on t.tenant_id = p.tenant_id and t.project_id = p.id
   where p.tenant_id = $1 and p.id = $2 group by p.id, p.name`,
  `insert into tasks (tenant_id, project_id, title, position) values ($1, $2, 'one', 1)`,
  'select title, version from tasks where tenant_id = $1 and project_id = $2 order by position, id limit 20',
  `update tasks set title = title || '.' where tenant_id = $1 and id =
     (select id from tasks where tenant_id = $1 and project_id = $2 order by id desc limit 1)`,
  `insert into task_tags (tenant_id, task_id, tag_id)
   select t.tenant_id, t.id, g.id from tasks as t join tags as g on g.tenant_id = t.tenant_id
   where t.tenant_id = $1 and t.project_id = $2 order by t.id desc limit 1 on conflict do nothing`,
  'select changes from audit_log where tenant_id = $1 and resource_id = $2 order by at desc, id desc limit 20',
  'update projects set metadata = metadata where tenant_id = $1 and id = $2',
];

export class Releases {
  done = 0;
  /** The SQLSTATEs of batches that failed. */
  readonly failures = new Set<string>();
  #stopping = false;
  #clients: Promise<void>[] = [];

  /** Lets so many clients go, each on a connection and in a project of its own. */
  static async start(cluster: Cluster, tenantId: string, count = 3): Promise<Releases> {
    const releases = new Releases();
    await cluster.ask('insert into tags (tenant_id, name) values ($1, $2)', [tenantId, `tag ${performance.now()}`]);
    const url = new URL(cluster.bindings.DATABASE_URL ?? '');
    url.host = new URL(cluster.url()).host;
    for (let n = 0; n < count; n++) {
      const [project] = await cluster.ask(
        `insert into projects (tenant_id, name) values ($1, 'release') returning id`,
        [tenantId],
      );
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      releases.#clients.push(releases.#run(client, tenantId, project?.id as string));
    }
    return releases;
  }

  async #run(client: pg.Client, tenantId: string, projectId: string): Promise<void> {
    while (!this.#stopping) {
      for (const statement of STATEMENTS) await this.#send(client, statement, tenantId, projectId);
    }
    await client.end();
  }

  async #send(client: pg.Client, statement: string, tenantId: string, projectId: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await sleep(20 * attempt);
      try {
        await client.query('begin');
        await client.query(`select enter_tenant($1, 'release', 'release')`, [tenantId]);
        await client.query(statement, [tenantId, projectId]);
        await client.query('commit');
        this.done++;
        return;
      } catch (error) {
        await client.query('rollback');
        const { code } = error as { code?: string };
        if (code === '40P01' && attempt < 4) continue;
        this.failures.add(code ?? String(error));
        return;
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#clients);
  }
}
