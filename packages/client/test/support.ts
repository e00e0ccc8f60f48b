import { app } from '../../../src/functions/index.ts';
import type { Role } from '../../../src/http/auth/tokens.ts';
import { signToken, type TestApi, useApi } from '../../../test/support/api.ts';
import { type ClientOptions, createClient, type Onetrip } from '../src/index.ts';

/** A request that a client has sent, with what came back. */
export interface Sent {
  method: string;
  /** With the query. */
  path: string;
  headers: Headers;
  body: unknown;
  /** Undefined where the connection was lost. */
  status: number | undefined;
}

type Fetch = NonNullable<ClientOptions['fetch']>;

/** What stands between a client and the API for one request: it may pass it on, or not, or lose the answer. */
export type Between = (pass: () => Promise<Response>, init: RequestInit) => Promise<Response>;

interface TestClient {
  onetrip: Onetrip;
  /** Every request, in order. */
  sent: Sent[];
  /** Stands in the way of the next requests, one for each. */
  meet(...between: Between[]): void;
}

interface ClientApi extends TestApi {
  /** A client of the API in this process. */
  client(options?: Partial<ClientOptions>): TestClient;
  /** The same with a token of a tenant of its own. */
  tenantClient(role?: Role, options?: Partial<ClientOptions>): Promise<TestClient & { tenant: string }>;
}

/** The API over a database of the file's own, and clients of it. */
export function useClients(): ClientApi {
  const api = useApi() as ClientApi;
  api.client = (options = {}) => {
    const sent: Sent[] = [];
    const queue: Between[] = [];
    const fetch: Fetch = async (url, init) => {
      const { pathname, search } = new URL(url);
      const record: Sent = {
        method: init.method ?? 'GET',
        path: pathname + search,
        headers: new Headers(init.headers),
        body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
        status: undefined,
      };
      sent.push(record);
      const pass = async () => app.request(url, init, api.bindings);
      const response = await (queue.shift() ?? ((next) => next()))(pass, init);
      record.status = response.status;
      return response;
    };
    const onetrip = createClient({ baseUrl: 'http://onetrip.test', fetch, ...options });
    return { onetrip, sent, meet: (...between) => queue.push(...between) };
  };
  api.tenantClient = async (role = 'admin', options = {}) => {
    const { id, token } = await api.tenant();
    return { tenant: id, ...api.client({ token: await token(role), ...options }) };
  };
  return api;
}

/** A token of the platform. */
export const platformToken = () => signToken({ role: 'platform' });

/** Passes the request on and loses the answer. */
export const loseAnswer: Between = async (pass) => {
  await pass();
  throw new TypeError('fetch failed');
};

/** Loses the request. */
export const loseRequest: Between = async () => {
  throw new TypeError('fetch failed');
};

/** Answers in place of the API. */
export const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): Between =>
  async () =>
    new Response(body, { status, headers });

/** What a call that must fail rejects with. */
export function failure<T extends Error = Error>(call: Promise<unknown>): Promise<T> {
  return call.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: T) => error,
  );
}
