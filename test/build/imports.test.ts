import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { toolEnvironment } from '../../dev/run.ts';

/* The arrows of ARCHITECTURE.md: Biome refuses an import against them, and none of those that they allow. */

const REFUSED = [
  ['src/problem.ts', './log.ts'],
  ['src/config/a.ts', '../http/env.ts'],
  ['src/config/b.ts', '../db/client/database.ts'],
  ['src/db/client/a.ts', '../sql/lock.ts'],
  ['src/db/client/b.ts', '../../problem.ts'],
  ['src/db/sql/a.ts', '../queries/tags/one-tag.ts'],
  ['src/db/queries/tags/a.ts', '../../../http/env.ts'],
  ['src/db/queries/tags/b.ts', 'hono'],
  ['src/http/request/a.ts', '../endpoint/serve.ts'],
  ['src/http/request/b.ts', '../../functions/index.ts'],
  ['src/http/response/a.ts', 'kysely'],
  ['src/http/endpoint/a.ts', '../../db/queries/tags/one-tag.ts'],
  ['src/http/mcp/a.ts', '../../functions/index.ts'],
  ['src/http/request/c.ts', '../endpoint/definition.ts'],
  ['src/scheduled/a.ts', '../http/env.ts'],
  ['src/webhooks/a.ts', '../http/env.ts'],
  ['src/functions/tags/a.ts', '../../db/sql/lock.ts'],
  ['src/functions/tags/b.ts', '../../db/client/drivers/pg.ts'],
  ['src/functions/tags/c.ts', 'pg'],
  ['src/functions/tags/d.ts', '../../platform/lambda/handler.ts'],
  ['src/functions/tags/e.ts', '../../../dev/run.ts'],
  ['src/platform/lambda/a.ts', '../../db/client/database.ts'],
  ['dev/neon-endpoint/a.ts', '../run.ts'],
  ['dev/local/a.ts', '../cli/token.ts'],
  ['dev/local/b.ts', '../neon-endpoint/session.ts'],
  ['packages/client/src/a.ts', '../../../src/problem.ts'],
  ['packages/client/src/c.ts', 'zod'],
] as const;

const ALLOWED = [
  ['src/config/x.ts', '../db/client/drivers/driver.ts'],
  ['src/db/sql/x.ts', '../client/rejections.ts'],
  ['src/db/queries/tags/x.ts', '../../sql/representations.ts'],
  ['src/http/endpoint/x.ts', '../request/body.ts'],
  ['src/http/mcp/x.ts', '../endpoint/definition.ts'],
  ['src/http/response/x.ts', '../../db/client/errors.ts'],
  ['src/functions/tags/x.ts', '../../db/queries/tags/one-tag.ts'],
  ['src/webhooks/x.ts', '../db/queries/trash/purge-expired.ts'],
  ['src/scheduled/x.ts', '../db/queries/trash/purge-expired.ts'],
  ['src/platform/lambda/x.ts', '../../http/env.ts'],
  ['dev/local/x.ts', '../neon-endpoint/index.ts'],
  ['packages/client/src/x.ts', './generated/types.ts'],
] as const;

/** The files of which Biome says that they import what they may not. */
let refused: string[] = [];

beforeAll(async () => {
  const project = await mkdtemp(join(tmpdir(), 'onetrip-imports-'));
  try {
    await cp('biome.json', join(project, 'biome.json'));
    for (const [file, specifier] of [...REFUSED, ...ALLOWED]) {
      await mkdir(dirname(join(project, file)), { recursive: true });
      await writeFile(join(project, file), `import { x } from '${specifier}';\nexport const y = x;\n`);
    }
    const options = ['--vcs-enabled=false', '--only=style/noRestrictedImports', '--max-diagnostics=none'];
    const biome = promisify(execFile)('biome', ['lint', ...options], { cwd: project, env: toolEnvironment() });
    const said: string = await biome.then(
      ({ stdout, stderr }) => stdout + stderr,
      ({ stdout, stderr }) => stdout + stderr,
    );
    refused = [...said.matchAll(/(\S+\.ts):\d+:\d+ lint\/style\/noRestrictedImports/g)].map(([, file = '']) => file);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
});

test.each(REFUSED)('%s may not import %s', (file) => {
  expect(refused.some((one) => one.endsWith(file))).toBe(true);
});

test.each(ALLOWED)('%s may import %s', (file) => {
  expect(refused.some((one) => one.endsWith(file))).toBe(false);
});
