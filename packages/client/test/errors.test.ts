import { expect, test } from 'vitest';
import { createClient, OnetripError } from '../src/index.ts';
import { answer, failure, useClients } from './support.ts';

/* What a caller gets of an error. */

const api = useClients();

test('members at fault are named by their pointers', async () => {
  const { onetrip } = await api.tenantClient();
  const body = { name: 'Trip', tasks: [{ title: 'Book' }, { title: 'x'.repeat(256) }] };
  const error = await failure<OnetripError>(onetrip.projects.create(body));
  expect(error).toBeInstanceOf(OnetripError);
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe('OnetripError');
  expect(error.status).toBe(400);
  expect(error.code).toBe('validation_failed');
  expect(error.type).toBe('https://onetrip.dev/problems/validation_failed');
  expect(error.title).toBe('The request is not valid');
  expect(error.message).toBe(error.detail);
  expect(error.errors).toEqual([{ pointer: '/tasks/1/title', code: 'too_long', message: expect.any(String) }]);
  expect(error.requestId).toMatch(/^[\w.-]+$/);
  const query = { limit: 1000 };
  expect((await failure<OnetripError>(onetrip.tasks.list(query).page())).errors[0]?.pointer).toBe('?limit');
});

test('further members of a problem are in its body', async () => {
  const { onetrip } = await api.tenantClient();
  const project = await onetrip.projects.create({ name: 'Trip', tasks: [{ title: 'Book', status: 'completed' }] });
  const task = project.tasks[0]?.id ?? '';
  const error = await failure<OnetripError>(onetrip.tasks.update(task, { status: 'pending' }));
  expect(error.code).toBe('invalid_transition');
  expect(error.body).toMatchObject({ from: 'completed', to: 'pending', allowed: ['completed', 'in_progress'] });
});

test('a page of a proxy is an error without a code, whatever its status', async () => {
  const { onetrip, meet } = await api.tenantClient();
  const html = '<html><h1>Bad Gateway</h1></html>';
  const headers = { 'Content-Type': 'text/html', 'X-Request-Id': 'from-the-proxy' };
  meet(answer(502, headers, html));
  const error = await failure<OnetripError>(onetrip.me.get());
  expect(error).toBeInstanceOf(OnetripError);
  expect(error).toMatchObject({ status: 502, body: html, requestId: 'from-the-proxy', errors: [], attempts: 1 });
  expect(error.code).toBeUndefined();
  expect(error.message).toMatch(/^HTTP 502/);
  meet(answer(200, headers, html));
  expect(await failure(onetrip.me.get())).toMatchObject({ name: 'OnetripError', status: 200, body: html });
});

test('a base URL that is none is refused at once; a path in it and slashes at its end are kept and dropped', async () => {
  expect(() => createClient({ baseUrl: 'onetrip' })).toThrow(TypeError);
  const urls: string[] = [];
  const fetch = async (url: string) => {
    urls.push(url);
    return Response.json({});
  };
  await createClient({ baseUrl: 'https://example.com/projects//', fetch }).me.get();
  expect(urls).toEqual(['https://example.com/projects/api/v1/me']);
});
