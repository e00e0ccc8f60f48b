import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { SignJWT } from 'jose';
import { Miniflare } from 'miniflare';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, inject } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { app } from '../../src/functions/index.ts';
import type { Role } from '../../src/http/auth/tokens.ts';
import { type TestDatabase, useDatabase } from './database.ts';
import { oneWorker, type RateLimit, splitWorkers } from './deployments.ts';
import { lambdaFunctions } from './lambda.ts';
import { nodeServer } from './node-server.ts';
import { expectDocumented } from './openapi.ts';
import type { Served } from './served.ts';

export const JWT_SECRET = 'a secret of the tests, of at least 32 bytes';

/** What encrypts the secrets of webhooks. */
export const WEBHOOK_KEYS = `test:${'k'.repeat(43)}=`;

export interface Call {
  method?: string;
  token?: string;
  /** Sent as JSON, unless it is a string or bytes. */
  body?: unknown;
  headers?: Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects, and fails where that is not there
type Any = any;

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body. */
  json: Any;
}

/** A tenant of a test's own, with what it calls the API. */
export interface TestTenant {
  id: string;
  token(role?: Role, sub?: string): Promise<string>;
  call(path: string, call?: Call & { role?: Role }): Promise<Reply>;
  get(path: string, call?: Call & { role?: Role }): Promise<Reply>;
  post(path: string, body: unknown, call?: Call & { role?: Role }): Promise<Reply>;
  /** As the platform does. */
  setStatus(status: 'active' | 'suspended'): Promise<Reply>;
}

export interface TestApi {
  database: TestDatabase;
  bindings: Bindings;
  /** Where a browser finds it, in workerd alone. */
  origin: string;
  call(path: string, call?: Call): Promise<Reply>;
  platform(path: string, call?: Call): Promise<Reply>;
  tenant(name?: string): Promise<TestTenant>;
  /** Another tenant in the same database as one, where there are several. */
  neighbour(of: TestTenant): Promise<TestTenant>;
}

/** Signs a token as `npm run token` does. */
export function signToken(claims: Record<string, unknown>, secret = JWT_SECRET): Promise<string> {
  return new SignJWT({ exp: Math.floor(Date.now() / 1000) + 600, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
}

type Options = Parameters<typeof useDatabase>[0] & {
  /** Beyond those that the database gives. */
  bindings?: Partial<Bindings>;
  /** Of the rate-limit binding, which only workerd has. */
  rateLimit?: RateLimit;
  /** Operation ids of the functions that are called, for `split` to start no others. */
  functions?: string[];
  /** Whether deliveries to webhooks are carried out, which asks the database beside the requests. */
  delivers?: boolean;
};

/** Runs the API with these bindings, as the tier says: in this process, as it is or as on Lambda, in workerd, or as a server. */
export async function serve(
  bindings: Bindings,
  { rateLimit, functions }: { rateLimit?: RateLimit | undefined; functions?: string[] | undefined } = {},
): Promise<Served> {
  if (inject('tier') === 'node') {
    return { send: async (url, init) => app.request(url, init, bindings), stop: async () => {} };
  }
  if (inject('tier') === 'lambda') return lambdaFunctions(bindings);
  if (inject('tier') === 'server') return nodeServer(bindings);
  const deployment = inject('tier') === 'split' ? splitWorkers : oneWorker;
  const miniflare = new Miniflare({
    ...deployment(bindings, rateLimit, functions),
    // What the Worker logs appears here as in the other tier, for a test to see.
    handleRuntimeStdio: (_: Readable, input: Readable) => {
      createInterface({ input }).on('line', (line) => console.error(line));
    },
  });
  const { origin } = await miniflare.ready;
  return {
    origin,
    send: async (url, init) => (await miniflare.dispatchFetch(url, init as never)) as unknown as Response,
    stop: () => miniflare.dispose(),
  };
}

/** Where nothing is delivered, nobody is told how. */
function shardsFor({ COURIER_SHARDS, ...rest }: NonNullable<TestDatabase['shards']>, delivers: boolean) {
  return { ...rest, ...(delivers ? { COURIER_SHARDS } : {}) };
}

/**
 * The API over a database of the file's own, run as the tier says. Every response is held against the OpenAPI document.
 */
export function useApi({ bindings = {}, rateLimit, functions, delivers = false, ...options }: Options = {}): TestApi {
  const database = useDatabase(options);
  const api = { database } as TestApi;
  let served: Served;

  beforeAll(async () => {
    api.bindings = {
      DATABASE_URL: database.url,
      JANITOR_DATABASE_URL: database.janitorUrl,
      ...(delivers ? { COURIER_DATABASE_URL: database.courierUrl } : {}),
      ...(database.shards ? shardsFor(database.shards, delivers) : {}),
      NEON_ENDPOINT: database.endpoint.url,
      WEBHOOK_KEYS,
      JWT_SECRET,
      LOG_LEVEL: 'warn',
      ...bindings,
    };
    served = await serve(api.bindings, { rateLimit, functions });
    api.origin = served.origin ?? '';
  });

  afterAll(() => served?.stop());

  api.call = async (path, { method = 'GET', token, body, headers = {} } = {}) => {
    const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream;
    const response = await served.send(`http://onetrip.test${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    } as RequestInit);
    const text = await response.text();
    const reply = {
      status: response.status,
      headers: response.headers,
      text,
      json: /json/.test(response.headers.get('Content-Type') ?? '') && text ? JSON.parse(text) : text || undefined,
    };
    expectDocumented(method, path, reply);
    return reply;
  };

  api.platform = async (path, call) => api.call(path, { token: await signToken({ role: 'platform' }), ...call });

  api.tenant = async (name = `Tenant ${randomUUID()}`) => {
    const id = uuidv7();
    await database.admin.query('insert into tenants (id, name) values ($1, $2)', [id, name]);
    const tokens = new Map<string, Promise<string>>();
    const token = (role: Role = 'admin', sub = 'tester') => {
      const key = `${role} ${sub}`;
      const signed = tokens.get(key) ?? signToken({ tenant_id: id, role, sub });
      tokens.set(key, signed);
      return signed;
    };
    const call: TestTenant['call'] = async (path, { role, ...rest } = {}) =>
      api.call(path, { ...('token' in rest ? {} : { token: await token(role) }), ...rest });
    return {
      id,
      token,
      call,
      get: call,
      post: (path, body, rest) => call(path, { method: 'POST', body, ...rest }),
      setStatus: (status) => api.platform(`/api/v1/tenants/${id}`, { method: 'PATCH', body: { status } }),
    };
  };

  api.neighbour = async (of) => {
    for (;;) {
      const other = await api.tenant();
      if ((await database.homeOf(other.id)) === (await database.homeOf(of.id))) return other;
    }
  };

  return api;
}
