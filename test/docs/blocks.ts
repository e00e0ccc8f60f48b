import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../dev/build/bundle.ts';
import { toolEnvironment } from '../../dev/run.ts';

/* The commands in a page of documentation, as a reader pastes them, and what the page says that they print. */

/** A fenced block of a page. */
export interface Block {
  language: string;
  text: string;
  /** `README.md:12` */
  at: string;
  /** The heading that it stands under. */
  heading: string;
}

/** Commands, and what they print according to the page: the block of `json` or `text` that follows, or else nothing. */
export interface Step {
  at: string;
  commands: string;
  shown: string;
}

export const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  'packages/client/README.md',
  ...(await readdir(join(root, 'docs'))).map((name) => `docs/${name}`),
];

export async function blocksOf(file: string): Promise<Block[]> {
  const blocks: Block[] = [];
  let open: Block | undefined;
  let indent = 0;
  let heading = '';
  for (const [n, line] of (await readFile(join(root, file), 'utf8')).split('\n').entries()) {
    const fence = /^( *)```(\w*)$/.exec(line);
    if (fence && open) open = undefined;
    else if (fence) {
      indent = fence[1]?.length ?? 0;
      open = { language: fence[2] ?? '', text: '', at: `${file}:${n + 1}`, heading };
      blocks.push(open);
    } else if (open) open.text += `${line.slice(indent)}\n`;
    else heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading;
  }
  return blocks;
}

/** The blocks of commands that a part names: the one that begins with it, or else those that have it in them. */
export function named(part: string, blocks: Block[]): Block[] {
  const commands = blocks.filter(({ language }) => language === 'sh');
  const beginning = commands.filter(({ text }) => text.startsWith(part));
  return beginning.length > 0 ? beginning : commands.filter(({ text }) => text.includes(part));
}

/** @returns the one block of a page that a part names. @throws Error where there is none, or more than one */
export async function commandsWith(page: string, part: string): Promise<string> {
  const [block, ...more] = named(part, await blocksOf(page));
  if (!block || more.length > 0) throw new Error(`${page} has no block of commands, or several, with ${part}`);
  return block.text;
}

/** @returns a command that stands in the text of a page. @throws Error where it does not */
export async function inlineWith(page: string, command: string): Promise<string> {
  const text = await readFile(join(root, page), 'utf8');
  if (!text.includes(`\`${command}\``)) throw new Error(`${page} does not name ${command}`);
  return command;
}

/** @throws Error for output that no commands stand before */
export function stepsOf(blocks: Block[]): Step[] {
  const steps: Step[] = [];
  let before: Step | undefined;
  for (const { language, text, at } of blocks) {
    if (language === 'sh') {
      before = { at, commands: text, shown: '' };
      steps.push(before);
    } else if (language === 'json' || language === 'text') {
      if (!before) throw new Error(`${at}: no commands stand before this output.`);
      before.shown = text;
      before = undefined;
    } else before = undefined;
  }
  return steps;
}

/**
 * Runs steps in one POSIX shell, in which a later one has the variables of those before it.
 * @param replace what is put into the commands in place of what, such as the port of a server
 * @returns what each of them wrote to either stream
 */
export async function runSteps(
  steps: Step[],
  { env, replace, cwd = root }: { env: Record<string, string>; replace: [string, string][]; cwd?: string },
): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'onetrip-steps-'));
  const mark = '\u001e';
  const commands = (text: string) => replace.reduce((result, [from, to]) => result.replaceAll(from, to), text);
  const script = steps.map((step) => `printf '${mark}'\n${commands(step.commands)}`).join('');
  try {
    await writeFile(join(directory, 'script'), script);
    const child = spawn('sh', ['-c', 'exec 2>&1; . "$0"', join(directory, 'script')], {
      cwd,
      env: toolEnvironment(env),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    await once(child, 'close');
    return output.split(mark).slice(1);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * What is printed, or shown in a page, without what is another thing at each run, and without white space that does not
 * count: ids, of which a page shows the beginning, times, cursors, keys.
 */
export function masked(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}-(([0-9a-f]{4}-){3}[0-9a-f]{12}\b|…)/g, '<id>')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/\bot_([0-9A-Za-z]{43}_[0-9A-Za-z]{49}\b|\w*…)/g, 'ot_<key>')
    .replaceAll(/"next_cursor": ?"[\w.-]+"/g, '"next_cursor":"<cursor>"')
    .replaceAll(/dur=[\d.]+/g, 'dur=<ms>')
    .replaceAll(/\s+/g, '');
}

/** Whether output is what a page shows, in which `…` stands for anything. Header names differ in case between runtimes. */
export function isAsShown(output: string, shown: string): boolean {
  const pieces = masked(shown)
    .split('…')
    .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pieces.join('.*')}$`, 'isu').test(masked(output));
}
