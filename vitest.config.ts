import { defineConfig } from 'vitest/config';

/*
 * Six tiers, told apart by how the API runs (test/support/api.ts). CONTRIBUTING.md says what each is for. `node` has
 * everything, through `app.request`, and `sharded` the same with tenants on three servers; the other four run what is built for a deployment: `workerd` all functions in one
 * Worker, `split` each function as a Worker of its own behind the dispatcher, `lambda` each as on AWS, with events as
 * API Gateway sends them and the driver that keeps connections, `server` the server on Node, as a process with a pool of
 * them.
 */

/** What every endpoint must stand: in every deployment. */
const endpoints = 'test/endpoints/every-endpoint.test.ts';
/** The attacks of another tenant: in this process, on the server, whose pool all tenants share, and before a deployment in workerd. */
const attacks = 'test/endpoints/isolation.test.ts';
/** What every endpoint must heed of tenants and of what it sends, in this process. What inputs are refused does not depend on the databases. */
const gates = ['test/endpoints/{every-endpoint,isolation,dry-run,fields,logs}.test.ts'];
/** Concurrent requests, which the driver and the database decide: `node` and `server` have one driver each. */
const races = ['test/functions/races.test.ts'];
/** What the database says of API keys, by either driver. */
const apiKeys = 'test/functions/api-keys.test.ts';
/** Operations in one batch do what they do one by one, by either driver. */
const batches = 'test/functions/batch/batch-model.test.ts';
/** The page at /docs in a browser, from the one Worker as it is deployed. */
const pages = ['test/reference/page.test.ts'];
/** Tenants whose homes stand in Cloudflare KV. */
const keyValues = 'test/shards/key-values.test.ts';
/** What the builds of `split` and `lambda` are made of: those tiers have built them. */
const splitBuild = ['test/build/bundles.test.ts', 'test/platform/cloudflare/dispatcher.test.ts'];
const lambdaBuild = ['test/build/lambda.test.ts'];
/** The suites of all resources, which the server on Node passes before a deployment. */
const whole = process.env.ALL_TESTS ? ['test/functions/*/*.test.ts'] : [];
/** How a runtime fetches from a key server: `node` and `workerd` are the two runtimes. */
const keyServers = ['test/functions/tokens-key-server.test.ts'];

export default defineConfig({
  test: {
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // What is waited for comes when the machine has got to it.
    expect: { poll: { timeout: 15_000 } },
    // Files share what is imported, which takes longer than many of them: so a file leaves no mock behind.
    isolate: false,
    // Some wait for seconds, for a time-out or a server, while others work.
    maxWorkers: 3,
    provide: { databases: Number(process.env.ONETRIP_SHARDS ?? 1) },
    tags: [
      {
        name: 'release',
        description:
          'Before a deployment, and not at each change: what shows that other tests can fail, and further cases',
      },
    ],
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts', 'dev/neon-endpoint/test/*.test.ts', 'packages/client/test/*.test.ts'],
          // The generators have a configuration, and packages, of their own.
          exclude: [...pages, keyValues, ...splitBuild, ...lambdaBuild, 'test/generators/**'],
          provide: { tier: 'node' },
        },
      },
      {
        extends: true,
        test: {
          name: 'sharded',
          include: [...gates, ...(process.env.ALL_TESTS ? ['test/{endpoints,functions}/**/*.test.ts'] : [])],
          provide: { tier: 'node', databases: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'workerd',
          include: [
            endpoints,
            ...(process.env.ALL_TESTS ? [attacks] : []),
            ...pages,
            keyValues,
            'test/functions/*.test.ts',
            // One resource whole; what others add is SQL, which is the same in `node`.
            'test/functions/{tags,meta}/*.test.ts',
            ...(process.env.ALL_TESTS
              ? ['test/functions/mcp/*.test.ts']
              : ['test/functions/mcp/{mcp,messages}.test.ts']),
            'test/functions/projects/{create,get,list,update}-*.test.ts',
          ],
          exclude: races,
          provide: { tier: 'workerd' },
        },
      },
      {
        extends: true,
        test: {
          name: 'split',
          include: [endpoints, 'test/functions/limits.test.ts', 'test/functions/meta/docs.test.ts', ...splitBuild],
          provide: { tier: 'split' },
        },
      },
      {
        extends: true,
        test: {
          name: 'lambda',
          include: [endpoints, 'test/functions/*.test.ts', 'test/functions/meta/docs.test.ts', ...lambdaBuild],
          exclude: [...keyServers, ...races, apiKeys],
          provide: { tier: 'lambda' },
          // What is deployed is run by Node as it is, and not transformed.
          server: { deps: { external: [/\/lambda\/[\w-]+\/index\.mjs/] } },
        },
      },
      {
        extends: true,
        test: {
          name: 'server',
          include: [endpoints, attacks, 'test/functions/meta/docs.test.ts', apiKeys, batches, ...races, ...whole],
          provide: { tier: 'server' },
        },
      },
    ],
  },
});
