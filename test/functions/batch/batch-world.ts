import { expect } from 'vitest';
import type { Definition } from '../../../src/http/endpoint/definition.ts';
import type { Reply, TestApi, TestTenant } from '../../support/api.ts';
import { definitions, exampleOf, type World } from '../../support/examples.ts';
import { storedRows } from '../../support/stored.ts';

/* What the tests of batches have in common. */

export interface Operation {
  id?: string;
  method: string;
  path: string;
  body?: unknown;
  if_match?: string;
}

export const send = (tenant: TestTenant, operations: unknown[], call = {}) =>
  tenant.post('/api/v1/batch', { operations }, call);

export const post = (path: string, body: unknown, id?: string): Operation => ({
  ...(id ? { id } : {}),
  method: 'POST',
  path: `/api/v1${path}`,
  body,
});

export const patch = (path: string, body: unknown): Operation => ({ method: 'PATCH', path: `/api/v1${path}`, body });

/** All of it has come to nothing, as the reply says. */
export async function failsWhole(
  { database: { admin } }: TestApi,
  tenant: TestTenant,
  operations: unknown[],
  expected: object,
): Promise<Reply> {
  const before = await storedRows(admin, tenant.id);
  const reply = await send(tenant, operations);
  expect(reply).toMatchObject(expected);
  expect(await storedRows(admin, tenant.id)).toEqual(before);
  return reply;
}

/** How often the database was asked: `1 round`. */
export const trips = ({ headers }: Reply) => headers.get('Server-Timing')?.match(/\d+ round/)?.[0];

/** The endpoints whose requests are operations: whatever a member may change. */
export const taken = definitions.filter(
  ({ operationId, method, access }) => method !== 'get' && access === 'member' && operationId !== 'batch',
);

/** The example of an endpoint as an operation. */
export function operationOf({ operationId, method }: Definition, world: World): Operation {
  const { path, body } = exampleOf({ operationId });
  return { method: method.toUpperCase(), path: path(world), ...(body ? { body: body(world) } : {}) };
}
