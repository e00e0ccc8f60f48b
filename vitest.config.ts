import { defineConfig } from 'vitest/config';

/*
 * Two tiers. `node`: everything, through `app.request`. `workerd`: the API suite again, against the built Worker in
 * the runtime that Cloudflare uses.
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
    ],
  },
});
