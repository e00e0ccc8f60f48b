import { stripVTControlCharacters, styleText } from 'node:util';

/* The output of `npm run dev` and `npm run seed`: a line for each step that is done and, on a terminal, the step in progress. */

let inProgress = '';

function show(text: string): void {
  if (process.stdout.isTTY && inProgress) process.stdout.write(`\r\x1b[K${text}`);
}

/**
 * Does the work of a step, and prints a line with how long it took. If `work` throws, so does this, and prints nothing.
 * @param work is given a function that shows how far it has come
 */
export async function step<T>(
  doing: string,
  work: (show: (progress: string) => void) => Promise<T>,
  done: (result: T) => string,
): Promise<T> {
  const start = performance.now();
  const showProgress = (progress: string) => {
    inProgress = `  ${doing} …${progress && ` ${progress}`}`;
    show(inProgress);
  };
  showProgress('');
  const result = await work(showProgress).finally(() => {
    show('');
    inProgress = '';
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  print(`${styleText('green', '✓')} ${done(result)} ${styleText('dim', `(${seconds} s)`)}`);
  return result;
}

/** Prints a line above the step in progress; in colour only on a terminal. */
export function print(line: string, stream: NodeJS.WriteStream = process.stdout): void {
  show('');
  stream.write(`${stream.isTTY && !process.env.NO_COLOR ? line : stripVTControlCharacters(line)}\n`);
  show(inProgress);
}
