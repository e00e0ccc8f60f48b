import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../dev/build/bundle.ts';
import { type Block, blocksOf, PAGES } from './blocks.ts';

/*
 * Every block of commands in the pages is run: by a test, which names it by a part of it or takes all of the page, or by CI.
 */

/** Where blocks are run: the page, the parts that name them (all, where none is), and the file that runs them. */
const RUNS: [page: string, parts: string[], by: string][] = [
  // Its first two commands are how .ci/run and test/dev/main.test.ts begin.
  ['README.md', [], 'test/docs/commands.test.ts'],
  ['docs/cookbook.md', [], 'test/docs/commands.test.ts'],
  ['docs/api-conventions.md', [], 'test/docs/commands.test.ts'],
  ['docs/identity-providers.md', [], 'test/http/auth/identity-providers.test.ts'],
  [
    'docs/deploying.md',
    ['cat > .secrets.json', 'bash .ci/smoke "$ORIGIN"', '"name": "Acme"'],
    'test/docs/deploying.test.ts',
  ],
  [
    'docs/deploying.md',
    ["DATABASE_HOST='ep-HOST.neon.tech'", 'npx dbmate --no-dump-schema up', 'export WORKER_PASSWORD'],
    'test/docs/databases.test.ts',
  ],
  ['docs/deploying.md', ["DATABASE_HOST='db.example.com'", 'npm start'], 'test/docs/databases.test.ts'],
  ['docs/deploying.md', ['npx wrangler login', 'npm run deploy:split'], 'test/docs/cloudflare.test.ts'],
  ['docs/deploying.md', ['sam deploy'], 'test/docs/aws.test.ts'],
  [
    'docs/deploying.md',
    ['docker compose up --detach --build', 'docker compose build', 'pg_restore'],
    'test/docs/programs.test.ts',
  ],
  ['docs/scaling.md', ['partition-tasks.sql'], 'test/docs/databases.test.ts'],
  ['docs/pgdog.md', ['export OWNER_SHARDS', 'export SHARDS='], 'test/docs/databases.test.ts'],
  ['docs/moving-tenants.md', ['export OWNER_SHARDS', 'npm run move-tenant'], 'test/docs/databases.test.ts'],
  ['CONTRIBUTING.md', ['bash .ci/run', '.ci/schemathesis', '.ci/generators'], '.github/workflows/ci.yml'],
];

/** Blocks that are run by hand, and why. */
const BY_HAND: [page: string, part: string, why: string][] = [
  ['bench/README.md', 'npm run bench', 'it takes the whole machine for twenty minutes'],
  [
    'packages/client/README.md',
    'npm install @onetrip/client',
    'the package comes from a registry; tests install what is packed',
  ],
  ['CONTRIBUTING.md', 'ONETRIP_SHARDS=3', 'it is the suites once more'],
  ['docs/scaling.md', 'ONETRIP_SCHEMA=partitioned', 'it is the suites once more'],
  ['docs/pgdog.md', 'ONETRIP_PGDOG=1', 'it is the suites once more, and needs PgDog'],
];

const blocks = (await Promise.all(PAGES.map(blocksOf))).flat().filter(({ language }) => language === 'sh');
const isOf = (page: string, { at }: Block) => at.startsWith(`${page}:`);

test('every block of commands is run, or it is said why not', () => {
  const isNamed = (block: Block) =>
    RUNS.some(
      ([page, parts]) => isOf(page, block) && (parts.length === 0 || parts.some((part) => block.text.includes(part))),
    ) || BY_HAND.some(([page, part]) => isOf(page, block) && block.text.includes(part));
  expect(blocks.filter((block) => !isNamed(block))).toEqual([]);
});

test('what is said to run a block names it, and the block is there', async () => {
  for (const [page, parts, by] of RUNS) {
    const source = await readFile(join(root, by), 'utf8');
    for (const part of parts) expect(source, `${by}: ${part}`).toContain(part);
    if (parts.length === 0) expect(source, `${by}: ${page}`).toContain(page);
  }
  const all = [...RUNS.flatMap(([page, parts]) => parts.map((part) => [page, part] as const)), ...BY_HAND];
  for (const [page, part] of all)
    expect(
      blocks.some((block) => isOf(page, block) && block.text.includes(part)),
      `${page}: ${part}`,
    ).toBe(true);
});
