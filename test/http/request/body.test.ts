import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();
const path = '/api/v1/tags';
const json = 'application/json';

async function post(body: unknown, contentType: string | undefined = json, headers: Record<string, string> = {}) {
  const tenant = await api.tenant();
  return tenant.post(path, body, { headers: { ...(contentType ? { 'Content-Type': contentType } : {}), ...headers } });
}

describe('media types', () => {
  test.each([json, 'Application/JSON', `${json}; charset=utf-8`, `${json};charset="UTF-8"`, `${json}; v=1`])(
    'takes %s',
    async (type) => {
      expect((await post('{"name":"x"}', type)).status).toBe(201);
    },
  );

  test.each([
    'text/plain',
    'application/merge-patch+json',
    'application/jsonx',
    'application/vnd.api+json',
    `${json}; charset=latin1`,
    `${json}; charset = latin1`,
    'text/json',
    'x',
  ])('refuses %s', async (type) => {
    expect(await post('{"name":"x"}', type)).toMatchObject({ status: 415, json: { code: 'unsupported_media_type' } });
  });

  test('refuses a body without a type, and a compressed one', async () => {
    const tenant = await api.tenant();
    const bytes = new TextEncoder().encode('{"name":"x"}');
    expect((await tenant.post(path, bytes, { headers: { 'Content-Type': '' } })).status).toBe(415);
    expect((await post(gzipSync(bytes), json, { 'Content-Encoding': 'gzip' })).status).toBe(415);
    expect((await post(bytes, json, { 'Content-Encoding': 'identity' })).status).toBe(201);
  });
});

describe('size', () => {
  const padded = (bytes: number) => `{"name":"x"${' '.repeat(bytes - 12)}}`;

  test('1 MiB is taken, a byte more is 413', async () => {
    expect((await post(padded(1_048_576))).status).toBe(201);
    expect(await post(padded(1_048_577))).toMatchObject({ status: 413, json: { code: 'payload_too_large' } });
  });

  test('also when it comes in chunks without a length', async () => {
    const chunks = (count: number) =>
      new ReadableStream({
        start(controller) {
          for (let i = 0; i < count; i++) controller.enqueue(new TextEncoder().encode(' '.repeat(65_536)));
          controller.enqueue(new TextEncoder().encode('{"name":"x"}'));
          controller.close();
        },
      });
    expect((await post(chunks(15))).status).toBe(201);
    expect((await post(chunks(16))).status).toBe(413);
  });
});

describe('JSON', () => {
  test.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['half an object', '{"name":'],
    ['single quotes', "{'name':'x'}"],
    ['two values', '{"name":"x"}{}'],
    ['a comment', '{"name":"x"/**/}'],
    ['NaN', '{"name":NaN}'],
    ['a duplicate member', '{"name":"x","name":"x"}'],
    ['a duplicate member in disguise', '{"name":"x","n\\u0061me":"y"}'],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['too deep a nesting', `{"name":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['endless nesting', '['.repeat(1_000_000)],
  ])('400 invalid_json for %s', async (_, body) => {
    expect(await post(body)).toMatchObject({ status: 400, json: { code: 'invalid_json' } });
  });

  test.each([
    ['a list', '[]', ''],
    ['a string', '"x"', ''],
    ['null', 'null', ''],
    ['NUL', '{"name":"a\\u0000"}', '/name'],
    ['an unpaired surrogate', '{"name":"\\ud800"}', '/name'],
    ['__proto__', '{"name":"x","__proto__":{}}', '/__proto__'],
    ['a number beyond a double', '{"name":"x","color":1e999}', '/color'],
  ])('400 validation_failed for %s', async (_, body, pointer) => {
    const reply = await post(body);
    expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
    expect(reply.json.errors[0].pointer).toBe(pointer);
  });

  test('a byte-order mark is accepted', async () => {
    expect((await post('\ufeff{"name":"x"}')).status).toBe(201);
  });

  test('what is wrong with the body is said after sign-in only', async () => {
    expect((await api.call(path, { method: 'POST', body: '{' })).status).toBe(401);
  });
});

describe('a POST that takes no body', () => {
  async function restore(body: unknown, headers: Record<string, string> = {}) {
    const tenant = await api.tenant();
    const { json: project } = await tenant.post('/api/v1/projects', { name: 'P' });
    await tenant.call(`/api/v1/projects/${project.id}`, { method: 'DELETE' });
    return tenant.post(`/api/v1/projects/${project.id}/restore`, body, { headers });
  }

  test('takes nothing, or an empty object', async () => {
    expect((await restore(undefined)).status).toBe(200);
    expect((await restore({})).status).toBe(200);
  });

  test('refuses the rest', async () => {
    expect(await restore('xx', { 'Content-Type': 'text/plain' })).toMatchObject({ status: 415 });
    expect(await restore('xx')).toMatchObject({ status: 400, json: { code: 'invalid_json' } });
    expect(await restore({ x: 1 })).toMatchObject({ status: 400, json: { errors: [{ pointer: '/x' }] } });
  });
});
