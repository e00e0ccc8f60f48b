import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { buildLambda } from '../../dev/build/lambda.ts';
import { buildNodeServer } from '../../dev/build/node-server.ts';
import { buildOneWorker } from '../../dev/build/one-worker.ts';
import { buildSplit } from '../../dev/build/split.ts';
import { migrate } from '../../dev/local/migrate.ts';
import { startPostgres } from '../../dev/local/postgres.ts';
import { partitionTasks } from './partitioned.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tier: 'node' | 'workerd' | 'split' | 'lambda' | 'server';
    /** Among how many databases, each on a server of its own, the tenants of a test file are spread: by ONETRIP_SHARDS. */
    databases: number;
    /** A superuser's URL of the test cluster. */
    adminUrl: string;
    /** The same of each server that runs, the test cluster first: of three where tenants are spread. */
    adminUrls: string[];
    /** The directory of which every server of the tests is a copy. */
    clusterFiles: string;
    /** Where what is deployed is, built, of the tiers that run. */
    dist: string;
    /** What the build says of it, where the tier `split` runs, and where `lambda` does. */
    splitWorkers: Awaited<ReturnType<typeof buildSplit>>;
    lambdaFunctions: Awaited<ReturnType<typeof buildLambda>>;
    /** Whether the template has its tables parted (db/scaling), by ONETRIP_SCHEMA=partitioned. */
    partitioned: boolean;
  }
}

/** The migrated database that each test file clones. */
export const TEMPLATE = 'onetrip_template';
/** The Worker's login role, as docs tell an operator to make it. */
export const WORKER_ROLE = 'onetrip_worker';
export const JANITOR_ROLE = 'onetrip_cleaner';
export const COURIER_ROLE = 'onetrip_deliverer';

const isPartitioned = process.env.ONETRIP_SCHEMA === 'partitioned';

/**
 * Makes the files of a cluster that has the migrated template and the roles. No server is left running on them: they are
 * copied, which takes a tenth of the time.
 */
async function makeClusterFiles(files: string): Promise<void> {
  const postgres = await startPostgres({ dataDir: files, durable: false });
  try {
    const template = new URL(postgres.adminUrl);
    template.pathname = `/${TEMPLATE}`;
    await migrate(template.href, 'up');
    if (isPartitioned) {
      const owner = new pg.Client({ connectionString: template.href });
      await owner.connect();
      await partitionTasks(owner, 'up').finally(() => owner.end());
    }
    const admin = new pg.Client({ connectionString: postgres.adminUrl });
    await admin.connect();
    await admin.query(`create role ${WORKER_ROLE} login password 'worker' in role onetrip_app`);
    await admin.query(`create role ${JANITOR_ROLE} login password 'janitor' in role onetrip_janitor`);
    await admin.query(`create role ${COURIER_ROLE} login password 'courier' in role onetrip_courier`);
    await admin.end();
  } finally {
    await postgres.stop();
  }
}

/** Copies the files of a cluster that nothing serves. They keep their owner, who PostgreSQL runs as. */
export async function copyCluster(files: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', files, to]);
}

/**
 * Starts a PostgreSQL in a data directory of its own, with the migrated template and the roles.
 * @param files of which it is a copy: `inject('clusterFiles')`
 * @param cleanUp then has what takes it away again
 * @returns the superuser's URL
 */
export async function startTestCluster(files: string, cleanUp: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'onetrip-test-'));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const dataDir = join(directory, 'data');
  await copyCluster(files, dataDir);
  // In the tier `lambda` each function of each test file keeps connections.
  const settings = { max_connections: '400' };
  const postgres = await startPostgres({ dataDir, durable: false, settings });
  cleanUp.defer(() => postgres.stop());
  return postgres.adminUrl;
}

/** Once per run: the test cluster, or several of them, and the built functions. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cleanUp = new AsyncDisposableStack();
  const teardown = () => cleanUp.disposeAsync();
  try {
    const directory = await mkdtemp(join(tmpdir(), 'onetrip-dist-'));
    cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
    const dist = join(directory, 'dist');
    const tiers = project.vitest.projects.map(({ name }) => name);
    const clusterFiles = join(directory, 'cluster');
    await makeClusterFiles(clusterFiles);
    const servers = Math.max(...project.vitest.projects.map(({ config }) => config.provide.databases ?? 1));
    const adminUrls: string[] = [];
    for (let n = 0; n < servers; n++) adminUrls.push(await startTestCluster(clusterFiles, cleanUp));
    if (tiers.includes('workerd')) await buildOneWorker(dist);
    if (tiers.includes('split')) project.provide('splitWorkers', await buildSplit(dist));
    if (tiers.includes('lambda')) project.provide('lambdaFunctions', await buildLambda(dist));
    // In `node` too, the tests of the server's own matters start it.
    if (tiers.includes('server') || tiers.includes('node')) await buildNodeServer(dist);
    project.provide('adminUrl', adminUrls[0] ?? '');
    project.provide('adminUrls', adminUrls);
    project.provide('clusterFiles', clusterFiles);
    project.provide('dist', dist);
    project.provide('partitioned', isPartitioned);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}
