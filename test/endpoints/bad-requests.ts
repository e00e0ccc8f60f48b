import type { Definition } from '../../src/http/endpoint/definition.ts';
import type { ProblemCode } from '../../src/problem.ts';
import { type Call, type Reply, signToken, type TestApi } from '../support/api.ts';
import { examples, makeWorld, type World } from '../support/examples.ts';
import { type Parameter, parameters } from './bad-slots.ts';

/* How the suite of bad inputs makes its requests: each is good but for one thing. */

/** A request before it is sent. */
export interface Draft {
  method: string;
  /** Without query. */
  path: string;
  /** Raw, without the question mark. */
  query: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** An endpoint with rows that it can be called for. */
export interface Target {
  definition: Definition;
  world: World;
  token: string | undefined;
  /** Of a list with more than one page: the cursor of its second. */
  cursor: string;
}

/** One bad request. */
export interface Case {
  draft: Draft;
  /** Of the member at fault. */
  pointer?: string;
}

/** One thing that can be wrong, and what every endpoint that takes such an input must answer. */
export interface BadInput {
  name: string;
  status: number;
  code: ProblemCode;
  /** `code` of the member at fault, where a single member is. */
  fault?: string | undefined;
  /** Whether only the database can tell. */
  asks?: (definition: Definition) => boolean;
  /** All places at this endpoint where it can be wrong; none where it takes no such input. */
  cases: (target: Target) => Case[];
}

/** A request of the target's that succeeds, without its query. */
export function goodRequest({ definition, world, token }: Target): Draft {
  const example = examples[definition.operationId];
  if (!example) throw new Error(`no example of ${definition.operationId} in test/support/examples.ts`);
  const [path = ''] = example.path(world).split('?');
  return {
    method: definition.method.toUpperCase(),
    path,
    query: '',
    headers: token ? { Authorization: `Bearer ${token}` } : {},
    ...(example.body ? { body: example.body(world) } : {}),
  };
}

export function send(api: TestApi, { path, query, ...call }: Draft): Promise<Reply> {
  return api.call(query ? `${path}?${query}` : path, call as Call);
}

/** A target with a world of its own. */
export async function makeTarget(api: TestApi, definition: Definition): Promise<Target> {
  const world = await makeWorld(api, definition);
  const token = await tokenFor(definition, world);
  const target = { definition, world, token, cursor: '' };
  if (isList(definition)) target.cursor = await secondPage(api, target);
  return target;
}

async function tokenFor({ access }: Definition, { tenant }: World): Promise<string | undefined> {
  if (access === 'public') return undefined;
  return access === 'platform' ? signToken({ role: 'platform' }) : tenant.token('admin');
}

export function isList(definition: Definition): boolean {
  return 'cursor' in (definition.query?.shape ?? {});
}

/** Gives every list of the tenant a second page, and takes its cursor. */
async function secondPage(api: TestApi, target: Target): Promise<string> {
  const { tenant, project, task, webhook } = target.world;
  await tenant.post(`/api/v1/projects/${project}/tasks`, { title: 'another' });
  await tenant.post(`/api/v1/tasks/${task}/comments`, { body: 'another' });
  for (const name of ['one', 'two', 'three']) {
    await tenant.post('/api/v1/tags', { name });
    await tenant.post('/api/v1/members', { name });
    await tenant.post('/api/v1/api-keys', { name });
    await tenant.post('/api/v1/webhooks', { url: 'https://example.com/', events: ['*'] });
    await tenant.call(`/api/v1/webhooks/${webhook}/test`, { method: 'POST' });
    const { json } = await tenant.post('/api/v1/projects', { name });
    if (name !== 'three') await tenant.call(`/api/v1/projects/${json.id}`, { method: 'DELETE' });
  }
  const { json } = await send(api, { ...goodRequest(target), query: 'limit=1' });
  return json.page.next_cursor;
}

/** Whether a body is read: the endpoint takes one, or wants none in its POST. */
export function readsBody({ body, method }: Definition): boolean {
  return body !== undefined || method === 'post';
}

/** The cases of a rule about bodies, as text or bytes. */
export function withBody(body: unknown, headers: Record<string, string> = {}, pointer?: string) {
  return (target: Target): Case[] => {
    if (!readsBody(target.definition)) return [];
    const draft = goodRequest(target);
    const all = { ...draft.headers, 'Content-Type': 'application/json', ...headers };
    return [{ draft: { ...draft, headers: all, body }, ...(pointer === undefined ? {} : { pointer }) }];
  };
}

/** The cases of a rule about headers. Without a body of its own a POST sends none. */
export function withHeaders(headers: Record<string, string>, applies: (definition: Definition) => boolean) {
  return (target: Target): Case[] => {
    if (!applies(target.definition)) return [];
    const draft = goodRequest(target);
    return [{ draft: { ...draft, headers: { ...draft.headers, ...headers } } }];
  };
}

/** The cases of a rule about parameters of the query: `query` gives the raw string for each that it applies to. */
export function withParameter(query: (parameter: Parameter) => string | undefined) {
  return (target: Target): Case[] =>
    parameters(target.definition, 'query').flatMap((parameter) => {
      const raw = query(parameter);
      if (raw === undefined) return [];
      return [{ draft: { ...goodRequest(target), query: raw }, pointer: `?${parameter.name}` }];
    });
}

/** JSON text; a string `raw:…` becomes what follows, for what no value can be written as. */
export function encode(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"raw:([^"]*)"/g, '$1');
}

/** A body that comes in chunks of `size` bytes, without a length. */
export function chunked(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}
