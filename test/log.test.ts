import { expect, test } from 'vitest';
import { causeOf } from '../src/log.ts';

const withCode = (code: unknown) => Object.assign(new Error('very-secret'), { code });

test.each<[string, unknown]>([
  ['Error ECONNREFUSED', withCode('ECONNREFUSED')],
  // As Neon's driver wraps what fetch threw, and fetch what the socket did.
  [
    'Error ENOTFOUND',
    Object.assign(new Error('x'), { sourceError: new TypeError('y', { cause: withCode('ENOTFOUND') }) }),
  ],
  ['AggregateError ECONNREFUSED', Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })],
  ['Error: Network connection lost', new Error('Network connection lost.')],
  ['Error: internal error; reference = r2tjha2d', new Error('internal error; reference = r2tjha2d')],
  ['Error: Connection terminated unexpectedly', new Error('Connection terminated unexpectedly')],
  ['TimeoutError', new DOMException('very-secret', 'TimeoutError')],
  // Whatever else a message, or a code, says stays away.
  ['Error', new Error('Network connection lost: very-secret')],
  ['Error', new Error('very-secret: Network connection lost')],
  ['TypeError', new TypeError('Invalid URL: very-secret')],
  ['Error', withCode('very-secret')],
  ['Error', undefined],
])('%s', (expected, error) => {
  expect(causeOf(error)).toBe(expected);
});
