import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../dev/migrate.ts';
import { startPostgres } from '../../dev/postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tier: 'node' | 'workerd';
    /** A superuser's URL of the test cluster. */
    adminUrl: string;
    /** Script of the one Worker, built. */
    worker: string;
  }
}

/** The migrated database that each test file clones. */
export const TEMPLATE = 'onetrip_template';
/** The Worker's login role, as docs tell an operator to make it. */
export const WORKER_ROLE = 'onetrip_worker';
export const JANITOR_ROLE = 'onetrip_cleaner';

/** Once per run: PostgreSQL in a directory of its own, the migrated template, the built Worker. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'onetrip-test-'));
  const postgres = await startPostgres({ dataDir: join(directory, 'data'), durable: false });
  const teardown = async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const template = new URL(postgres.adminUrl);
    template.pathname = `/${TEMPLATE}`;
    await migrate(template.href, 'up');
    const admin = new pg.Client({ connectionString: postgres.adminUrl });
    await admin.connect();
    await admin.query(`create role ${WORKER_ROLE} login password 'worker' in role onetrip_app`);
    await admin.query(`create role ${JANITOR_ROLE} login password 'janitor' in role onetrip_janitor`);
    await admin.end();
    const { outputFiles } = await build({
      entryPoints: ['src/functions/index.ts'],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['workerd', 'worker', 'browser'],
      write: false,
    });
    project.provide('adminUrl', postgres.adminUrl);
    project.provide('worker', outputFiles[0]?.text ?? '');
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}
