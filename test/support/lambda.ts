import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { inject } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import type { HttpEvent, HttpHandler } from '../../src/platform/lambda/handler.ts';
import type { Served } from './served.ts';

/*
 * What AWS does between a caller and the functions: API Gateway's routing by the template that is deployed, its events in
 * the payload format 2.0, and Lambda's environment and instances.
 */

/** Lambda's limit for the result of an invocation, as its error message tells it. */
const MAX_RESULT = 6_291_556;

interface Resource {
  Type: string;
  Properties: {
    CodeUri: string;
    Environment?: { Variables: Record<string, unknown> };
    Events?: Record<string, { Type: string; Properties: { Path?: string; Method?: string } }>;
  };
}

export interface Route {
  /** `ANY` where none is given, which only `$default` has. */
  method: string;
  /** With `{id}`, or `$default`. */
  path: string;
  /** The function's. */
  name: string;
  /** Names of its environment variables. */
  variables: string[];
}

/** The routes of the template in a directory that `buildLambda` has written to. */
export function readRoutes(dist: string): Route[] {
  const template = JSON.parse(readFileSync(join(dist, 'lambda', 'template.json'), 'utf8'));
  return Object.values<Resource>(template.Resources).flatMap(({ Properties: { CodeUri, Environment, Events } }) =>
    Object.values(Events ?? {})
      .filter(({ Type }) => Type === 'HttpApi')
      .map(({ Properties: { Path = '$default', Method = 'ANY' } }) => ({
        method: Method,
        path: Path,
        name: CodeUri.replace(/\.zip$/, ''),
        variables: Object.keys(Environment?.Variables ?? {}),
      })),
  );
}

/** The route that API Gateway picks: a full match before one with variables, and `$default` where there is neither. */
export function pickRoute(routes: Route[], method: string, path: string): Route {
  const fits = routes.filter((route) => ['ANY', method].includes(route.method) && pattern(route.path).test(path));
  const [best] = fits.sort((a, b) => variablesOf(a.path) - variablesOf(b.path));
  const route = best ?? routes.find(({ path }) => path === '$default');
  if (!route) throw new Error('The template has no route $default.');
  return route;
}

function variablesOf(path: string): number {
  return path.split('{').length - 1;
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

/** Most instances of a function; on a real account it is hundreds, and more requests are refused instead of waiting. */
const MAX_INSTANCES = 8;

/** The functions of the run's build, as a stack of their own: each with the variables that the template gives it. */
export function lambdaFunctions(bindings: Bindings): Served {
  const dist = inject('dist');
  const routes = readRoutes(dist);
  const pools = new Map<string, Instances>();

  return {
    async send(url, init) {
      const request = new Request(url, init);
      const route = pickRoute(routes, request.method, decoded(new URL(url).pathname));
      const pool = pools.get(route.name) ?? new Instances(() => start(dist, route, bindings));
      pools.set(route.name, pool);
      // Events and results are JSON on the way.
      const event = JSON.parse(JSON.stringify(await httpEvent(request, url, init))) as HttpEvent;
      const result = JSON.stringify(await pool.lend((handler) => handler(event)));
      if (Buffer.byteLength(result) > MAX_RESULT) {
        return new Response('{"message":"Internal Server Error"}', { status: 502 });
      }
      return toResponse(JSON.parse(result), request);
    },
    stop: async () => {},
  };
}

/** The instances of a function: each has one request at a time, and a new one is started where all have one. */
class Instances {
  readonly #start: () => Promise<HttpHandler>;
  readonly #idle: Promise<HttpHandler>[] = [];
  readonly #waiting: ((instance: Promise<HttpHandler>) => void)[] = [];
  #count = 0;

  constructor(start: () => Promise<HttpHandler>) {
    this.#start = start;
  }

  async lend<T>(work: (handler: HttpHandler) => Promise<T>): Promise<T> {
    const instance = await this.#take();
    try {
      return await work(await instance.handler);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(instance.handler);
      else this.#idle.push(instance.handler);
    }
  }

  async #take(): Promise<{ handler: Promise<HttpHandler> }> {
    const idle = this.#idle.pop();
    if (idle) return { handler: idle };
    if (this.#count++ < MAX_INSTANCES) return { handler: this.#start() };
    return new Promise((resolve) => this.#waiting.push((handler) => resolve({ handler })));
  }
}

let started = 0;
/** One instance after the other: a process has one environment. */
let starting: Promise<unknown> = Promise.resolve();

/** A new instance: the module anew, under its own environment. */
function start(dist: string, { name, variables }: Route, bindings: Bindings): Promise<HttpHandler> {
  const values = bindings as unknown as Record<string, string | undefined>;
  const instance = starting.then(async () => {
    const before = { ...process.env };
    for (const key of variables) {
      delete process.env[key];
      if (values[key]) process.env[key] = values[key];
    }
    try {
      const { handler } = await import(`${pathToFileURL(join(dist, 'lambda', name, 'index.mjs')).href}?${started++}`);
      return handler;
    } finally {
      for (const key of variables) delete process.env[key];
      Object.assign(process.env, before);
    }
  });
  starting = instance.catch(() => {});
  return instance;
}

/** The event of a request (API Gateway manual, "Create AWS Lambda proxy integrations for HTTP APIs"). */
export async function httpEvent(request: Request, url: string, init: RequestInit = {}): Promise<HttpEvent> {
  const bytes = Buffer.from(await request.arrayBuffer());
  const type = request.headers.get('Content-Type') ?? '';
  // API Gateway passes text as text. What it does with bytes that are none, its manual does not tell.
  const isText = /^(text\/|application\/(json|javascript|xml|[^;]*\+json))/i.test(type) && isUtf8(bytes);
  const { hostname, pathname, search } = new URL(url);
  const headers = Object.fromEntries([...request.headers].map(([name, value]) => [name, fromLatin1(value)]));
  const length = init.body === undefined ? {} : { 'content-length': String(bytes.length) };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: decoded(pathname),
    rawQueryString: search.slice(1),
    headers: {
      'accept-encoding': 'gzip, deflate',
      ...headers,
      ...length,
      host: hostname,
      'x-forwarded-proto': 'https',
    },
    requestContext: { domainName: hostname, http: { method: request.method, path: pathname } },
    ...(bytes.length > 0 ? { body: isText ? bytes.toString() : bytes.toString('base64') } : {}),
    isBase64Encoded: bytes.length > 0 && !isText,
  } as unknown as HttpEvent;
}

/** HTTP APIs decode the path. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `Headers` has bytes as characters; an event has the text they are, where they are one. */
function fromLatin1(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : value;
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}

/** What the caller gets of a result. `fetch` asks for gzip, and unpacks it, by itself; a test need not know. */
function toResponse(result: Awaited<ReturnType<HttpHandler>>, { method }: Request): Response {
  const { statusCode, headers = {}, body, isBase64Encoded } = result;
  const isEmpty = method === 'HEAD' || statusCode === 204 || statusCode === 304;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const unpacked = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
  return new Response(isEmpty ? null : unpacked, { status: statusCode, headers: headers as Record<string, string> });
}
