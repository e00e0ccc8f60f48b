import { defineConfig } from 'vitest/config';

/*
 * Four tiers. `node`: everything, through `app.request`. `workerd` and `split`: the API suite again, in the runtime that
 * Cloudflare uses, against what is deployed there: all functions in one Worker, and each a Worker behind the dispatcher.
 * `lambda`: the same through the functions as they are deployed on AWS, with events as API Gateway sends them.
 */
export default defineConfig({
  test: {
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'node', include: ['test/**/*.test.ts'], provide: { tier: 'node' } },
      },
      {
        extends: true,
        test: { name: 'workerd', include: ['test/functions/**/*.test.ts'], provide: { tier: 'workerd' } },
      },
      {
        extends: true,
        test: { name: 'split', include: ['test/functions/**/*.test.ts'], provide: { tier: 'split' } },
      },
      {
        extends: true,
        test: {
          name: 'lambda',
          include: ['test/functions/**/*.test.ts'],
          provide: { tier: 'lambda' },
          // What is deployed is run by Node as it is, and not transformed.
          server: { deps: { external: [/\/lambda\/[\w-]+\/index\.mjs/] } },
        },
      },
    ],
  },
});
