import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Where npm has installed the programs of packages. */
export const bin = fileURLToPath(new URL('../node_modules/.bin', import.meta.url));

/** The environment in which the project's own tools, its Node among them, come first on the PATH. */
export function toolEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, ...extra };
}

/**
 * Runs one of the project's tools to its end.
 * @returns what it wrote to standard output.
 * @throws Error with what it wrote, where it fails.
 */
export function run(tool: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { env: toolEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let all = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
      all += chunk;
    });
    child.stderr.on('data', (chunk) => {
      all += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${tool} failed:\n${all.trim()}`))));
  });
}
