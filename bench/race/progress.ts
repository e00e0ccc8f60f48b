/* A line on standard error that is written again and again. Quiet where nobody looks at it. */

const { stderr } = process;
let done = 0;
let all = 1;

/** How many steps there will be. */
export function expectSteps(count: number): void {
  all = Math.max(count, 1);
}

/** When each thing began, for the one who wonders where the time goes: BENCH_TIMES=1. */
const started = performance.now();

/** Shows what is being done; `steps` of those that are expected are done with it. */
export function progress(what: string, steps = 0): void {
  done += steps;
  if (process.env.BENCH_TIMES && steps === 0) {
    console.error(`${((performance.now() - started) / 1000).toFixed(1)} s: ${what}`);
  }
  if (!stderr.isTTY) return;
  const width = 30;
  const filled = Math.min(width, Math.round((done / all) * width));
  stderr.write(
    `\r\x1b[2K${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${what}`.slice(0, (stderr.columns ?? 100) + 5),
  );
}

/** Takes the line away. */
export function endProgress(): void {
  if (stderr.isTTY) stderr.write('\r\x1b[2K');
}
