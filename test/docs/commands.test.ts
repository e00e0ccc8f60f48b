import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { seed } from '../../dev/local/seed.ts';
import { environmentOf } from '../platform/node/support.ts';
import { JWT_SECRET, signToken } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { WORKER_ROLE } from '../support/global-setup.ts';
import { type NodeServer, startNodeServer } from '../support/node-server.ts';
import { blocksOf, isAsShown, runSteps, type Step, stepsOf } from './blocks.ts';

/* The commands of the pages, run as they stand there, against a server with the demo tenant of `npm run dev`. */

// Each command is a process, and the machine may have other work.
vi.setConfig({ testTimeout: 120_000 });

// Other tests' transactions would hold back what changes.
const database = useDatabase({ ownCluster: true });
const DEMO = '01976d5c-0000-7000-8000-000000000001';
let server: NodeServer;

beforeAll(async () => {
  const { host, port } = database.admin;
  await seed({ host, port, user: WORKER_ROLE, password: 'worker', database: database.name, tls: false });
  server = await startNodeServer(environmentOf(database));
});
afterAll(() => server?.end());

/** Runs the steps against the server, and holds what they print against what is shown. */
async function expectAsShown(steps: Step[], env: Record<string, string> = {}): Promise<void> {
  const outputs = await runSteps(steps, {
    env: { JWT_SECRET, ...env },
    replace: [['localhost:8787', `127.0.0.1:${server.port}`]],
  });
  expect(outputs).toHaveLength(steps.length);
  const wrong = steps.flatMap(({ at, commands, shown }, n) => {
    const output = outputs[n] ?? '';
    return isAsShown(output, shown) ? [] : [`${at}:\n${commands}prints\n${output}\nand not\n${shown}`];
  });
  expect(wrong.join('\n')).toBe('');
}

test('the README shows what the first command answers', async () => {
  const blocks = await blocksOf('README.md');
  const [answer] = blocks.filter(({ language }) => language === 'json');
  const curl = `curl -sS -H "Authorization: Bearer $T" 'http://localhost:8787/api/v1/projects?include=tasks'`;
  const T = await signToken({ tenant_id: DEMO, role: 'admin', sub: 'developer' });
  await expectAsShown([{ at: answer?.at ?? '', commands: `${curl}\n`, shown: answer?.text ?? '' }], { T });
});

test.each(['README.md', 'docs/cookbook.md'])('what %s has to be pasted prints what it says', async (file) => {
  const blocks = await blocksOf(file);
  const isTour = ({ heading }: { heading: string }) => file !== 'README.md' || heading.startsWith('A tour');
  const steps = stepsOf(blocks.filter(isTour));
  expect(steps.length).toBeGreaterThan(5);
  await expectAsShown(steps);
});

test('the examples of the conventions are answered', async () => {
  const steps = stepsOf((await blocksOf('docs/api-conventions.md')).filter(({ language }) => language === 'sh'));
  // With curl's meter before them.
  const shown = ['…HTTP/1.1 201 Created…', '…{"data":[{"id":…"total":…'];
  expect(steps).toHaveLength(shown.length);
  const TOKEN = await signToken({ tenant_id: DEMO });
  await expectAsShown(
    steps.map((step, n) => ({ ...step, shown: shown[n] ?? '' })),
    { TOKEN },
  );
});
