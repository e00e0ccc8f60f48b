import { run } from '../run.ts';

/* `npm run check`: all checks of the sources except the tests, in parallel. */

const checks: Record<string, [string, ...string[]]> = {
  types: ['tsc', '--project', '.'],
  'lint and format': ['biome', 'check', '--error-on-warnings', '.'],
  'generated files': ['node', 'dev/cli/generate.ts', '--check'],
  migrations: ['squawk', 'db/migrations/*.sql'],
};

const results = await Promise.all(
  Object.entries(checks).map(async ([name, [tool, ...args]]) => {
    const start = performance.now();
    const failure = await run(tool, args).then(
      () => undefined,
      (error: Error) => error.message,
    );
    console.log(`${failure ? '✗' : '✓'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    return failure;
  }),
);
for (const failure of results) if (failure) console.error(`\n${failure}`);
process.exitCode = results.some(Boolean) ? 1 : 0;
