import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender } from './contender.ts';
import { startWorkerd } from './onetrip.ts';
import { startNode } from './programs.ts';

/* Servers with nothing behind them: what the runtime and HTTP take for themselves. */

/** About as long as the answer to job A. */
export const LENGTH = 15_000;

const get = (job: string) => (job === 'A' ? [[{ method: 'GET', path: '/', headers: {}, status: 200 }]] : undefined);

export const emptyWorkerd: Contender = {
  name: 'workerd, empty',
  side: 'limit',
  start: async ({ directory }) => {
    const script = join(directory, 'empty.js');
    const text = `const body = '"' + 'x'.repeat(${LENGTH - 2}) + '"';
const headers = { 'Content-Type': 'application/json' };
export default { fetch: () => new Response(body, { headers }) };
`;
    await writeFile(script, text);
    const { origin, pid } = await startWorkerd(join(directory, 'empty'), script, {}, '/');
    return { origin, pids: [pid] };
  },
  operations: get,
};

export const emptyNode: Contender = {
  name: 'Node, empty',
  side: 'limit',
  start: async () => {
    const program = await startNode<{ port: number }>('processes/empty-node.ts', { length: LENGTH });
    return { origin: `http://127.0.0.1:${program.ready.port}`, pids: [program.pid] };
  },
  operations: get,
};
