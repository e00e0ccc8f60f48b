import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('..', import.meta.url));

/**
 * Installs what the peers need into bench/node_modules, where the lock file has changed since. No package's script is
 * run: none of them is needed.
 */
export async function installPeers(): Promise<void> {
  const lock = await readFile(`${directory}/package-lock.json`, 'utf8');
  const stamp = `${directory}/node_modules/.installed-lock.json`;
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === lock) return;
  console.error('Installing the peers into bench/node_modules …');
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  await writeFile(stamp, lock);
}

/** Writes the client that the peer Prisma needs, out of its schema. */
export async function generatePrisma(): Promise<void> {
  const generated = `${directory}/peers/prisma/generated/client.ts`;
  if (existsSync(generated)) return;
  // Only migrations need Prisma's engine. It is not in the package, and would be loaded from elsewhere.
  const env = {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
  await run(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], env);
}

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  const child = spawn(command, args, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      words += chunk;
    });
  }
  child.on('error', (error) => {
    words += error.message;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${words.trim()}`);
}
