import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { toolEnvironment } from '../../dev/run.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
export const DOCUMENT = fileURLToPath(new URL('../../src/functions/meta/openapi.json', import.meta.url));

export interface Workspace {
  /** A path in it. */
  path(...parts: string[]): string;
  /** Copies a file of test/generators/clients into it. */
  copy(client: string, ...to: string[]): Promise<void>;
  /**
   * Runs a program in it. Those of npm come from the lock file beside this file, then from the project's.
   * @returns what it wrote, to both of its outputs
   * @throws Error with that, where it fails
   */
  run(program: string, args: string[], options?: { in?: string; env?: Record<string, string> }): Promise<string>;
}

/** A directory of its own for what is generated, outside of the project. */
export function useWorkspace(): Workspace {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onetrip-generators-'));
    await symlink(join(here, 'node_modules'), join(directory, 'node_modules'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const path = (...parts: string[]) => join(directory, ...parts);
  return {
    path,
    copy: (client, ...to) => cp(join(here, 'clients', client), path(...to)),
    run: (program, args, { in: folder = '.', env = {} } = {}) =>
      new Promise((resolve, reject) => {
        const { PATH = '', ...environment } = toolEnvironment(env);
        const child = spawn(program, args, {
          cwd: path(folder),
          env: { ...environment, PATH: `${join(here, 'node_modules/.bin')}:${PATH}` },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
        child.on('error', (error) => reject(new Error(`${program} is missing: see CONTRIBUTING.md`, { cause: error })));
        child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${program}:\n${output}`))));
      }),
  };
}
