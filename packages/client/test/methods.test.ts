import { expect, test } from 'vitest';
import { methods } from '../../../dev/client/methods.ts';
import { exampleOf, makeWorld, type World } from '../../../test/support/examples.ts';
import { ENDPOINTS } from '../src/generated/endpoints.ts';
import type { List } from '../src/list.ts';
import { platformToken, useClients } from './support.ts';

/* Every endpoint below /api/v1, also those to come: its method sends what its example says, and the API takes it. */

const api = useClients();

// biome-ignore lint/suspicious/noExplicitAny: methods are looked up by their names
type Any = any;

let forReading: World | undefined;

const all = methods().map((method) => [`onetrip.${method.name.join('.')}`, method] as const);

test.each(all)('%s', async (_, { name, definition, isList }) => {
  const { operationId, method, access, body, query } = definition;
  expect(ENDPOINTS, `npm run generate for the method of ${operationId}`).toContain(`\n${name.join('.')} `);
  if (method === 'get' && !forReading) forReading = await makeWorld(api);
  const world = method === 'get' && forReading ? forReading : await makeWorld(api);
  const example = exampleOf({ operationId });
  await example.prepare?.(world, api);
  const given = example.body?.(world);
  const url = new URL(example.path(world), 'http://onetrip.test');
  const ids = [...url.pathname.matchAll(/\/([0-9a-f]{8}-[0-9a-f-]{27})/g)].map(([, id]) => id);
  const parameters: Record<string, unknown> = Object.fromEntries(url.searchParams);
  if (parameters.metadata) parameters.metadata = JSON.parse(String(parameters.metadata));
  const token = access === 'platform' ? await platformToken() : await world.tenant.token();
  const { onetrip, sent } = api.client({ token });

  const call = name.reduce((place: Any, one) => place[one], onetrip);
  const called = call(...ids, ...(body ? [given] : []), ...(query ? [parameters] : []));
  const result = await (isList ? (called as List<unknown>).page() : called);

  const [request] = sent;
  expect(sent).toHaveLength(1);
  expect(request?.method).toBe(method.toUpperCase());
  const asked = new URL(request?.path ?? '', 'http://onetrip.test');
  expect(asked.pathname).toBe(url.pathname);
  expect(Object.fromEntries(asked.searchParams)).toEqual(Object.fromEntries(url.searchParams));
  expect(request?.body).toEqual(body ? (given ?? {}) : undefined);
  expect(request?.headers.has('Idempotency-Key')).toBe(/^p(ost|atch)$/.test(method) && access !== 'platform');
  expect(request?.status).toBeLessThan(300);
  expect(result === undefined).toBe(request?.status === 204);
});

test('the table has a method for each endpoint, and no other', () => {
  const names = ENDPOINTS.trim()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(names).toEqual(methods().map(({ name }) => name.join('.')));
  expect(names).toEqual(expect.arrayContaining(['projects.create', 'tasks.tags.add', 'apiKeys.delete', 'me.put']));
});
