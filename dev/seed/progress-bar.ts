const WIDTH = 30;

/**
 * A bar of text, with how many are done of all, and how long the rest will take.
 * @param speed how many are done in a second; 0 while that is not known
 */
export function progressBar(done: number, all: number, speed: number): string {
  const full = Math.floor((done / all) * WIDTH);
  const left = speed > 0 ? `, ${Math.ceil((all - done) / speed)} s left` : '';
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${done} of ${all}${left}`;
}
