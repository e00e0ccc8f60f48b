import { execFile } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../dev/build/bundle.ts';
import { buildClient } from '../../../dev/build/client.ts';
import { toolEnvironment } from '../../../dev/run.ts';

const exec = promisify(execFile);

/** The client as it is published. */
export interface Published {
  /** Where it is installed: `<project>/node_modules/@onetrip/client`. */
  installed: string;
  /** A directory in which its users' programs can lie. */
  project: string;
  tarball: Uint8Array;
}

/** Builds and packs the client, and installs what is packed into an empty project. */
export async function publish(directory: string): Promise<Published> {
  const staged = join(directory, 'staged');
  const project = join(directory, 'project');
  const installed = join(project, 'node_modules/@onetrip/client');
  await mkdir(staged, { recursive: true });
  await mkdir(installed, { recursive: true });
  await buildClient(join(staged, 'dist'));
  for (const file of ['package.json', 'README.md', 'LICENSE']) {
    await cp(join(root, 'packages/client', file), join(staged, file));
  }
  // The build is done, and its script is not there.
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
  const { stdout } = await exec('npm', args, { cwd: staged, env: toolEnvironment() });
  const tarball = join(directory, JSON.parse(stdout)[0].filename);
  await exec('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  return { installed, project, tarball: await readFile(tarball) };
}

/** The examples of a README as one program, and what their comments `// → …` say that it prints. */
export async function programOf(readme: string): Promise<{ program: string; printed: string[] }> {
  const text = await readFile(join(root, readme), 'utf8');
  const program = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block).join('\n');
  return { program, printed: [...program.matchAll(/\/\/ → (.*)/g)].map(([, line = '']) => line) };
}
