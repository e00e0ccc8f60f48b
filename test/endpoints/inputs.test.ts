import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reply, useApi } from '../support/api.ts';
import { callExample, operations } from '../support/examples.ts';
import { storedRows } from '../support/stored.ts';
import { badBodies } from './bad-bodies.ts';
import { badCursors } from './bad-cursors.ts';
import { badHeaders } from './bad-headers.ts';
import { badMembers } from './bad-members.ts';
import { badParameters } from './bad-parameters.ts';
import { type BadInput, type Case, makeTarget, send, type Target } from './bad-requests.ts';

/*
 * Every rule of the input (docs/api-conventions.md, "Requests and responses") at every endpoint that takes such an input: exact status and code, the member
 * at fault by name, nothing written, and the database not even asked. Which endpoints a rule applies to is read from
 * the OpenAPI document, so a new endpoint is covered by itself.
 */

const badInputs = [...badBodies, ...badMembers, ...badParameters, ...badCursors, ...badHeaders(operations)];

const api = useApi();
const targets: Target[] = [];
const figures = { cases: 0, pairs: 0, endpoints: new Set<string>() };
let before: unknown;

beforeAll(async () => {
  for (const definition of operations) targets.push(await makeTarget(api, definition));
  before = await storedRows(api.database.admin);
});

/** What is not as it must be in the answer to one bad request. */
async function faultsOf(input: BadInput, target: Target, { draft, pointer }: Case): Promise<string[]> {
  const { endpoint } = api.database;
  const asked = endpoint.requests;
  const reply = await send(api, draft);
  const faults = [...shapeFaults(input, reply)];
  const [first, ...others] = reply.json?.errors ?? [];
  if (pointer !== undefined && first?.pointer !== pointer) faults.push(`points to ${first?.pointer}, not ${pointer}`);
  if (input.fault && first?.code !== input.fault) faults.push(`says ${first?.code}, not ${input.fault}`);
  if (others.length > 0) faults.push(`finds ${others.length} more at fault`);
  if (endpoint.requests !== asked && !input.asks?.(target.definition)) faults.push('asked the database');
  const where = `${target.definition.operationId} ${draft.method} ${draft.path}?${draft.query}`.slice(0, 300);
  return faults.map((fault) => `${where}: ${fault}: ${reply.text.slice(0, 500)}`);
}

/** The shape of RFC 9457, and a status and code that are exact. */
function* shapeFaults({ status, code }: BadInput, { status: got, headers, json, text }: Reply) {
  if (got !== status || json?.code !== code) yield `answers ${got} ${json?.code}, not ${status} ${code}`;
  if (headers.get('Content-Type') !== 'application/problem+json') yield `is ${headers.get('Content-Type')}`;
  if (json?.status !== got) yield 'has another status in the body';
  if (json?.type !== `https://onetrip.dev/problems/${json?.code}` || !json?.title || !json?.detail)
    yield 'is no problem';
  if (json?.request_id !== headers.get('X-Request-Id')) yield 'names another request';
  if (/select|postgres|sqlstate|constraint|\bat .*\.ts:/i.test(text)) yield 'tells what lies behind';
}

describe('every endpoint that takes such an input refuses', () => {
  test.each(badInputs.map((input) => [input.name, input] as const))('%s', { timeout: 60_000 }, async (_, input) => {
    const faults: string[] = [];
    let cases = 0;
    for (const [n, target] of targets.entries()) {
      const all = input.cases(target);
      if (all.length === 0) continue;
      figures.pairs++;
      // Each rule at one endpoint in two, and at those by turns, so that each endpoint has half of them; before a deployment all.
      if (!process.env.ALL_TESTS && cases > 0 && (n + badInputs.indexOf(input)) % 2 === 1) continue;
      for (const one of all) {
        figures.endpoints.add(target.definition.operationId);
        cases++;
        faults.push(...(await faultsOf(input, target, one)));
      }
    }
    figures.cases += cases;
    expect(cases, 'the rule applies nowhere').toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });
});

test('and nothing has changed by all that', async () => {
  expect(await storedRows(api.database.admin)).toEqual(before);
});

test('and each request would have been good, but for that', async () => {
  for (const { definition, world } of targets) {
    const reply = await callExample(api, definition, world);
    expect(reply.status, `${definition.operationId}: ${reply.text}`).toBe(definition.success.status);
  }
});

test('there are enough of them, and none twice', () => {
  expect(new Set(badInputs.map(({ name }) => name)).size).toBe(badInputs.length);
  expect(badInputs.length).toBeGreaterThanOrEqual(100);
  expect(figures.endpoints.size).toBe(operations.length);
});

afterAll(() => {
  const { pairs, cases, endpoints } = figures;
  console.info(`${badInputs.length} bad inputs × ${endpoints.size} endpoints: ${pairs} pairs, ${cases} requests`);
});
