import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { useApi } from '../support/api.ts';

/*
 * The document as Postman imports it, with "Parameter generation: Example". (With "Schema", its default, bodies are made of
 * placeholders such as "<integer>", whatever the document says.) Every request is sent as it is then; `useApi` holds each
 * answer against the document.
 */

const require = createRequire(import.meta.url);
const api = useApi();

interface Field {
  key: string;
  value: string;
  disabled?: boolean;
}
interface Item {
  name: string;
  item?: Item[];
  request: {
    method: string;
    header: Field[];
    url: { path: string[]; query: Field[]; variable: Field[] };
    body?: { raw?: string };
  };
}

function collection(): Promise<Item> {
  const { convertV2 } = require('openapi-to-postmanv2');
  return new Promise((resolve, reject) => {
    convertV2(
      { type: 'json', data: structuredClone(document) },
      { parametersResolution: 'Example' },
      (
        error: Error | null,
        { result, reason, output }: { result: boolean; reason: string; output: { data: Item }[] },
      ) => (error || !result ? reject(error ?? new Error(reason)) : resolve(output[0]?.data as Item)),
    );
  });
}

const requests = (item: Item): Item[] => item.item?.flatMap(requests) ?? [item];

test.each([false, true])('every request is understood; with its optional parameters: %s', async (all) => {
  const tenant = await api.tenant();
  const items = requests(await collection());
  expect(items.length).toBeGreaterThan(50);
  const refused: string[] = [];
  for (const { name, request } of items) {
    const { method, url, header, body } = request;
    const path = url.path.map((part) =>
      part.startsWith(':') ? url.variable.find(({ key }) => key === part.slice(1))?.value : part,
    );
    // A cursor is of use where a list has made it, and excludes `skip`.
    const given = all ? url.query.filter(({ key }) => key !== 'cursor' && key !== 'skip') : [];
    const query = new URLSearchParams(given.map(({ key, value }) => [key, value]));
    const headers = header.filter(({ key }) => all || !/^(If-|Idempotency-|Onetrip-)/.test(key));
    const call = path[2] === 'tenants' ? api.platform : tenant.call;
    const { status, text } = await call(`/${path.join('/')}${query.size > 0 ? `?${query}` : ''}`, {
      method,
      headers: Object.fromEntries(headers.map(({ key, value }) => [key, value])),
      ...(body?.raw ? { body: body.raw } : {}),
    });
    expect(status, text).toBeLessThan(500);
    if (status === 400) refused.push(`${name}: ${text}`);
  }
  expect(refused).toEqual([]);
});
