import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { ENTRY_CODES } from './entry-codes.ts';

/*
 * Holds every response that a test receives against the OpenAPI document: its status, its headers, its body.
 */

type Reference = { $ref: string };
interface Response {
  description: string;
  headers?: Record<string, { required?: boolean } | Reference>;
  content?: Record<string, { schema: object }>;
}
interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}
type Operation = { responses: Record<string, Response | Reference> };

/** What a reference within the document points to, and where that stands. */
function resolve<T extends object>(value: T | Reference, pointer: string): { value: T; pointer: string } {
  if (!('$ref' in value)) return { value, pointer };
  const target = value.$ref
    .split('/')
    .slice(1)
    .reduce((at: unknown, name) => (at as Record<string, unknown>)[name], document);
  return { value: target as T, pointer: value.$ref };
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
// Responses show every moment in UTC with milliseconds, which the format by itself does not ask for.
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
ajv.addSchema(document, 'document');
ajv.addSchema(withPartialItems(), 'with-fields');

/** The document for requests with `fields`, which says so in words alone: the items of a page may lack any member. */
function withPartialItems(): object {
  const { schemas } = document.components as unknown as { schemas: Record<string, Schema> };
  const pages = Object.entries(schemas).flatMap(([name, { properties: { data } = {}, ...page }]) => {
    const item = schemas[data?.items?.$ref?.replace('#/components/schemas/', '') ?? ''];
    if (!item) return [];
    const items = { ...item, required: [] };
    return [[name, { ...page, properties: { ...schemas[name]?.properties, data: { ...data, items } } }]];
  });
  expect(pages.length).toBeGreaterThan(5);
  return { ...document, components: { ...document.components, schemas: { ...schemas, ...Object.fromEntries(pages) } } };
}

const routes = Object.entries(document.paths as unknown as Record<string, Record<string, Operation>>).map(
  ([path, operations]) => ({
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    path,
    operations,
  }),
);

/** The headers that say something of one answer. Those that every answer has alike, and those of CORS, are in no document. */
const OWN_HEADERS = [
  ...['Allow', 'Cache-Control', 'ETag', 'Idempotency-Replayed', 'Link', 'Location', 'Onetrip-Dry-Run', 'RateLimit'],
  ...['RateLimit-Policy', 'Retry-After', 'Server-Timing', 'Vary', 'WWW-Authenticate', 'X-Request-Id'],
];

/** Fails where the document does not know such a response. What no route answers (404, 405, OPTIONS) is not in it. */
export function expectDocumented(
  method: string,
  url: string,
  { status, headers, text, json }: { status: number; headers: Headers; text: string; json: unknown },
): void {
  const [address = '', query = ''] = url.split('?');
  const path = address.replace(/\/$/, '');
  const route = routes.find(({ pattern }) => pattern.test(path));
  const name = (method === 'HEAD' ? 'GET' : method).toLowerCase();
  const operation = route?.operations[name];
  if (!route || !operation) return;
  const where = `${method} ${route.path} → ${status}`;
  const documented = operation.responses[String(status)];
  if (!documented) expect.fail(`${where} is not in the OpenAPI document: ${text}`);
  const own = ['paths', route.path, name, 'responses', String(status)].map(escapePointer).join('/');
  const { value: response, pointer } = resolve(documented, `#/${own}`);
  for (const [header, described] of Object.entries(response.headers ?? {})) {
    const { required } = resolve(described, '').value;
    if (required) expect(headers.get(header), `${where} lacks ${header}`).not.toBeNull();
  }
  const unknown = OWN_HEADERS.filter((header) => headers.has(header) && !(header in (response.headers ?? {})));
  expect(unknown, `${where} has headers that are not in the OpenAPI document`).toEqual([]);
  const [mediaType] = Object.keys(response.content ?? {});
  if (!mediaType || method === 'HEAD') {
    expect(text, where).toBe('');
    return;
  }
  expect(headers.get('Content-Type')?.split(';')[0], where).toBe(mediaType);
  const source = new URLSearchParams(query).has('fields') ? 'with-fields' : 'document';
  const validate = ajv.getSchema(`${source}${pointer}/content/${escapePointer(mediaType)}/schema`);
  if (!validate) throw new Error(`no schema at ${pointer}`);
  if (!validate(json)) expect.fail(`${where}: ${ajv.errorsText(validate.errors)}\n${text}`);
  const { errors = [] } = json as { errors?: { code: string }[] };
  if (status >= 400) for (const { code } of errors) expect(ENTRY_CODES, where).toContain(code);
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** Examples of bodies in the document that its own schemas refuse. */
export function exampleFaults(): { checked: number; invalid: string[] } {
  const invalid: string[] = [];
  let checked = 0;
  const visit = (value: unknown, pointer: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('schema' in value && 'example' in value) {
      checked++;
      const validate = ajv.getSchema(`document#${pointer}/schema`);
      if (!validate?.(value.example)) invalid.push(`${pointer}: ${ajv.errorsText(validate?.errors)}`);
      return;
    }
    for (const [name, member] of Object.entries(value)) visit(member, `${pointer}/${escapePointer(name)}`);
  };
  visit(document.paths, '/paths');
  visit(document.components, '/components');
  return { checked, invalid };
}
