import { expect, test } from 'vitest';
import * as z from 'zod';
import { endpointTable, methodsOf } from '../../dev/client/methods.ts';
import type { Definition } from '../../src/http/endpoint/definition.ts';

/* Which methods the typed client gets for endpoints, above all for those to come. */

function definition(route: string, operationId: string, more: Partial<Definition> = {}): Definition {
  const [method = '', path = ''] = route.split(' ');
  return {
    operationId,
    method: method.toLowerCase() as 'get',
    path: `/api/v1${path}`,
    summary: 'Does it',
    description: 'Does it, and says so.',
    access: 'member',
    success: { status: 200, description: 'Done' },
    ...more,
  };
}

test('names are those in the path and the verb of the operation', () => {
  const query = z.strictObject({ cursor: z.string().optional(), tag: z.string().optional() });
  const table = endpointTable(
    methodsOf([
      definition('GET /webhooks/:id/deliveries', 'list-webhook-deliveries', { query, repeatable: ['tag'] }),
      definition('POST /webhooks/:id/deliveries/:delivery_id/redeliver', 'redeliver-webhook-delivery'),
      definition('POST /webhooks/:id/rotate-secret', 'rotate-webhook-secret', { ifMatch: true }),
      definition('POST /batch', 'batch', { body: z.strictObject({}) }),
      definition('GET /audit-log', 'list-audit-log', { query }),
      definition('PUT /tasks/:id/tags/:tag_id', 'put-task-tag', { ifMatch: true }),
      definition('DELETE /tasks/:id/tags/:tag_id', 'delete-task-tag', { ifMatch: true }),
      definition('DELETE /tasks/:id/files/:file_id', 'delete-task-file', { ifMatch: true }),
      definition('POST /tenants', 'create-tenant', { access: 'platform' }),
    ]),
  );
  expect(/= `\n(.*)\n`;/s.exec(table)?.[1]?.split('\n')).toEqual([
    'webhooks.deliveries.list GET /webhooks/:/deliveries ql tag',
    'webhooks.deliveries.redeliver POST /webhooks/:/deliveries/:/redeliver k',
    'webhooks.rotateSecret POST /webhooks/:/rotate-secret mk',
    'batch POST /batch bk',
    'auditLog.list GET /audit-log ql',
    'tasks.tags.add PUT /tasks/:/tags/: -',
    'tasks.tags.remove DELETE /tasks/:/tags/: -',
    'tasks.files.delete DELETE /tasks/:/files/: m',
    'tenants.create POST /tenants -',
  ]);
});

test('what is in the path is named after what it is an id of', () => {
  const [method] = methodsOf([definition('POST /api-keys/:id/members/:member_id/test', 'test-api-key')]);
  expect(method?.references).toEqual(['apiKey', 'member']);
});

test('two endpoints that would be one method, or a method and what has methods, are refused in words', () => {
  const list = definition('GET /tasks', 'list-tasks');
  expect(() => methodsOf([list, definition('GET /tasks/:id', 'list-task')])).toThrow(
    'list-tasks and list-task would both be onetrip.tasks.list: name one after another verb or path.',
  );
  expect(() => methodsOf([definition('GET /batch/:id', 'get-batch'), definition('POST /batch', 'batch')])).toThrow(
    'batch and get-batch would both be onetrip.batch',
  );
});
