import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender } from './contender.ts';
import { ORM } from './peer-schema.ts';
import { restOperations } from './peers.ts';
import { freePort, start, untilReady } from './programs.ts';

/* FastAPI with SQLAlchemy, in a virtual environment of its own, where there is a Python to make one. */

const cache = fileURLToPath(new URL('../.cache', import.meta.url));
const source = fileURLToPath(new URL('../peers/fastapi', import.meta.url));
const environment = join(cache, 'python');

let failure: string | undefined;

/** Installs the exact versions, once. Where that goes wrong, FastAPI does not take part. */
export async function installFastapi(): Promise<void> {
  failure = await install();
}

/** @returns what went wrong, in a line */
async function install(): Promise<string | undefined> {
  const wanted = await readFile(join(source, 'requirements.txt'), 'utf8');
  const stamp = join(environment, 'requirements.txt');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return undefined;
  await rm(environment, { recursive: true, force: true });
  const steps = [
    ['python3', '-m', 'venv', environment],
    [join(environment, 'bin', 'pip'), 'install', '--quiet', '--disable-pip-version-check', '--require-hashes'].concat([
      '--only-binary',
      ':all:',
      '--requirement',
      join(source, 'requirements.txt'),
    ]),
  ];
  for (const [command = '', ...args] of steps) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) return (error?.message ?? stderr).trim().split('\n').at(-1) || `${command} failed`;
  }
  await writeFile(stamp, wanted);
  return undefined;
}

export const fastapi: Contender = {
  name: 'FastAPI',
  side: 'peer',
  start: async ({ cluster, database, secret }) => {
    if (failure) return `needs python3 with venv and pip: ${failure}`;
    const port = await freePort();
    const env = {
      DATABASE_URL: cluster.url(database, ORM).replace(/^postgres:/, 'postgresql+asyncpg:'),
      JWT_SECRET: secret,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const uvicorn = join(environment, 'bin', 'uvicorn');
    const args = ['--host', '127.0.0.1', '--port', String(port), '--no-access-log', '--log-level', 'warning'];
    const program = start('FastAPI', [uvicorn, 'app:app', ...args], { env, cwd: source });
    // A route that there is not.
    await untilReady(program, `http://127.0.0.1:${port}/`, (status) => status === 404);
    return { origin: `http://127.0.0.1:${port}`, pids: [program.pid] };
  },
  operations: restOperations,
  shape: (job, body) => {
    const task = ({ meta, ...rest }: Record<string, unknown>) => ({ ...rest, metadata: meta });
    const project = ({ meta, tasks, ...rest }: Record<string, unknown>) => ({
      ...rest,
      metadata: meta,
      tasks: (tasks as Record<string, unknown>[]).map(task),
    });
    if (job === 'A') return project(body as Record<string, unknown>);
    return (body as Record<string, unknown>[]).map(job === 'B' ? project : task);
  },
};
