import { randomInt } from 'node:crypto';

/**
 * Numbers as `Math.random` gives them, from a seed that is printed, so that a run can be made again with the same
 * choices: TEST_SEED=… npx vitest run …
 */
export function seededRandom(of: string): () => number {
  const seed = Number(process.env.TEST_SEED ?? randomInt(2 ** 31));
  console.info(`${of}: TEST_SEED=${seed}`);
  let state = seed;
  // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The list in an order that chance makes. */
export function shuffle<T>(list: T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
