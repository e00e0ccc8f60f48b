import { deepStrictEqual } from 'node:assert';

/** Where the API is, and with which token. */
export const origin = present(process.env.ORIGIN);
export const token = present(process.env.TOKEN);

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('nothing is there');
  return value;
}

export function equal(found: unknown, expected: unknown): void {
  deepStrictEqual(found, expected);
}
