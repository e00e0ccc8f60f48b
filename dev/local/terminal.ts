import { stripVTControlCharacters, styleText } from 'node:util';

/* What `npm run dev` shows: one line for each step, and on a terminal also the one that is under way. */

let underWay = '';

function show(text: string): void {
  if (process.stdout.isTTY && underWay) process.stdout.write(`\r\x1b[K${text}`);
}

/** Does the work of a step, and shows a line with how long it took. Errors: those of `work`, with nothing shown. */
export async function step<T>(doing: string, work: () => Promise<T>, done: (result: T) => string): Promise<T> {
  const start = performance.now();
  underWay = `  ${doing} …`;
  show(underWay);
  const result = await work().finally(() => {
    show('');
    underWay = '';
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`${styleText('green', '✓')} ${done(result)} ${styleText('dim', `(${seconds} s)`)}`);
  return result;
}

/** Shows a line, above the step that is under way; colours only where somebody sees them. */
export function say(line: string, stream: NodeJS.WriteStream = process.stdout): void {
  show('');
  stream.write(`${stream.isTTY && !process.env.NO_COLOR ? line : stripVTControlCharacters(line)}\n`);
  show(underWay);
}
