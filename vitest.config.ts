import { defineConfig } from 'vitest/config';

/*
 * Four tiers. `node`: everything, through `app.request`. `split`: the API suite again but for tasks, in the runtime that
 * Cloudflare uses, each function a Worker of its own behind the dispatcher. `workerd`: of that suite what all endpoints share, with
 * all functions in one Worker: the same functions in the same runtime. `lambda`: the same and tasks, through the
 * functions as they are deployed on AWS, with events as API Gateway sends them, and the other driver.
 */
const shared = ['test/functions/*.test.ts', 'test/functions/meta/*.test.ts'];
/** What happens between requests and the database, and between a runtime and key servers: one tier of a kind can tell. */
const races = ['test/functions/races.test.ts'];
const keyServers = ['test/functions/tokens-key-server.test.ts'];

export default defineConfig({
  test: {
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts', 'dev/neon-endpoint/test/*.test.ts'],
          isolate: false,
          provide: { tier: 'node' },
        },
      },
      {
        extends: true,
        test: {
          name: 'workerd',
          include: shared,
          exclude: races,
          provide: { tier: 'workerd' },
        },
      },
      {
        extends: true,
        test: {
          name: 'split',
          include: ['test/functions/**/*.test.ts'],
          exclude: [...races, ...keyServers, 'test/functions/tasks/*.test.ts'],
          provide: { tier: 'split' },
        },
      },
      {
        extends: true,
        test: {
          name: 'lambda',
          include: [...shared, 'test/functions/tasks/*.test.ts'],
          exclude: keyServers,
          isolate: false,
          provide: { tier: 'lambda' },
          // What is deployed is run by Node as it is, and not transformed.
          server: { deps: { external: [/\/lambda\/[\w-]+\/index\.mjs/] } },
        },
      },
    ],
  },
});
