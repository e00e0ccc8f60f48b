import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };

/*
 * Holds every response that a test receives against the OpenAPI document: its status, its headers, its body.
 */

interface Response {
  description: string;
  headers?: Record<string, { required?: boolean }>;
  content?: Record<string, { schema: object }>;
}
type Operation = { responses: Record<string, Response> };

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(document, 'document');

const routes = Object.entries(document.paths as unknown as Record<string, Record<string, Operation>>).map(
  ([path, operations]) => ({
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    path,
    operations,
  }),
);

/** Fails where the document does not know such a response. What no route answers (404, 405, OPTIONS) is not in it. */
export function expectDocumented(
  method: string,
  url: string,
  { status, headers, text, json }: { status: number; headers: Headers; text: string; json: unknown },
): void {
  const [path = ''] = url.split('?');
  const route = routes.find(({ pattern }) => pattern.test(path));
  const name = (method === 'HEAD' ? 'GET' : method).toLowerCase();
  const operation = route?.operations[name];
  if (!route || !operation) return;
  const where = `${method} ${route.path} → ${status}`;
  const response = operation.responses[String(status)];
  expect(response, `${where} is not in the OpenAPI document: ${text}`).toBeDefined();
  for (const [header, { required }] of Object.entries(response?.headers ?? {})) {
    if (required) expect(headers.get(header), `${where} lacks ${header}`).not.toBeNull();
  }
  const [mediaType] = Object.keys(response?.content ?? {});
  if (!mediaType || method === 'HEAD') {
    expect(text, where).toBe('');
    return;
  }
  expect(headers.get('Content-Type'), where).toBe(mediaType);
  const pointer = ['paths', route.path, name, 'responses', String(status), 'content', mediaType, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const validate = ajv.getSchema(`document#/${pointer}`);
  if (!validate) throw new Error(`no schema at ${pointer}`);
  if (!validate(json)) expect.fail(`${where}: ${ajv.errorsText(validate.errors)}\n${text}`);
}
