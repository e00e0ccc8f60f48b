import { hc } from 'hono/client';
import { expect, expectTypeOf, test } from 'vitest';
import type { Api } from '../../../src/functions/index.ts';

test('the definitions are the types of a client', () => {
  const client = hc<Api>('http://localhost');
  expect(client.api.v1.projects[':id'].$url({ param: { id: 'x' }, query: {} }).pathname).toBe('/api/v1/projects/x');
  type Created = Awaited<ReturnType<Awaited<ReturnType<typeof client.api.v1.projects.$post>>['json']>>;
  expectTypeOf<Created['name']>().toEqualTypeOf<string>();
  expectTypeOf<Created['tasks'][number]['tags'][number]['name']>().toEqualTypeOf<string>();
  expectTypeOf<Created['status']>().toEqualTypeOf<'active' | 'archived'>();
  expectTypeOf(client.api.v1.tags.$post).parameter(0).toHaveProperty('json');
});
