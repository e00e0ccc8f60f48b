import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from '../../dev/build/bundle.ts';
import { toolEnvironment } from '../../dev/run.ts';
import { commandsWith, runSteps } from './blocks.ts';

/* Runs blocks of commands as they stand in the pages, each of which has to end well. */

export interface Place {
  cwd: string;
  env?: Record<string, string>;
  /** What is put in place of the page's placeholders, or of what takes too long. Each has to be there. */
  replace?: [string, string][];
}

/** @throws Error where something that is to be replaced stands in none of the commands */
function replaced(texts: string[], replace: [string, string][]): string[] {
  for (const [from] of replace)
    if (!texts.some((text) => text.includes(from))) throw new Error(`The commands have no ${from}.`);
  return texts.map((text) => replace.reduce((result, [from, to]) => result.replaceAll(from, to), text));
}

/** Runs commands one after the other in one shell, which ends at the first that fails. @returns what each wrote */
export async function runCommands(texts: string[], { cwd, env = {}, replace = [] }: Place): Promise<string[]> {
  const end = 'all of it was run';
  const steps = [...replaced(texts, replace), `echo ${end}`].map((text) => ({
    at: '',
    commands: `set -e\n${text}\n`,
    shown: '',
  }));
  const outputs = await runSteps(steps, { env, replace: [], cwd });
  if (outputs.at(-1)?.trim() !== end) throw new Error(`Commands failed:\n${outputs.join('\n')}`);
  return outputs.slice(0, -1).map((output) => output.trim());
}

/** The same for blocks of a page, each named by something that it alone has. */
export async function runBlocks(page: string, parts: string[], place: Place): Promise<string[]> {
  return runCommands(await Promise.all(parts.map((part) => commandsWith(page, part))), place);
}

/** Starts what runs until it is stopped, and waits until it says something. It is stopped, as by Ctrl-C, when the test ends. */
export async function startBlocks(page: string, parts: string[], place: Place & { until: RegExp }): Promise<string> {
  const texts = await Promise.all(parts.map((part) => commandsWith(page, part)));
  const script = `set -e\n${replaced(texts, place.replace ?? []).join('\n')}`;
  const child: ChildProcess = spawn('sh', ['-c', script], {
    cwd: place.cwd,
    env: toolEnvironment(place.env),
    // A group of its own, which gets the signal as one from a terminal.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGINT');
    await ended;
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      output += chunk;
      if (place.until.test(output)) resolve();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    ended.then(() => reject(new Error(`The commands ended:\n${output}`)));
  });
  return output;
}

/** What is made here, and no part of the project as it is cloned. */
const MADE = ['node_modules', 'dist', '.git', '.onetrip', '.wrangler', '.env', '.dev.vars', '.secrets.json', '.cache'];

/** A copy of this project, as after `git clone`, or with `installed` as after `npm ci` too. The caller removes it. */
export async function copyProject({ installed = false } = {}): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'onetrip-copy-'));
  await cp(root, copy, {
    recursive: true,
    filter: (path) =>
      !relative(root, path)
        .split(sep)
        .some((name) => MADE.includes(name)),
  });
  if (installed) await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** {@link copyProject}, removed when the test ends. */
export async function projectFor(options?: { installed: boolean }): Promise<string> {
  const copy = await copyProject(options);
  onTestFinished(() => rm(copy, { recursive: true }));
  return copy;
}
