import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/* The generators and linters of others, beside the suite: what they are made of is not installed by `npm ci`. */

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/generators/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    provide: { tier: 'node', databases: 1 },
    // The first run of Go compiles what the clients depend on.
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
