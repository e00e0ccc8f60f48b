import { OnetripConnectionError, OnetripError, retryAfter } from './errors.ts';
import type { CallOptions, DryRunOptions, KeyOptions, MatchOptions } from './types.ts';

/** What a client is made with. */
export interface ClientOptions {
  /** Where the API is, without `/api/v1`: `https://onetrip.example.com`. */
  baseUrl: string;
  /** A JWT or an API key; or a function that gives one, asked before each request. */
  token?: string | (() => string | Promise<string>) | undefined;
  /** In place of the global `fetch`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Headers of every request. */
  headers?: Record<string, string> | undefined;
  /** How often a request is sent again that may be: 3 by default. */
  retries?: number | undefined;
  /** The longest `Retry-After` that is waited for (s), 60 by default: for a longer one the call fails at once. */
  maxRetryAfter?: number | undefined;
  /** How many answers to keep, so that the API need not send them again (`If-None-Match`): none by default. */
  cache?: number | undefined;
}

/** A request, before headers that depend on the client. */
export interface Request {
  method: string;
  /** From `/api/v1` on, with the query. */
  path: string;
  body: string | undefined;
  headers: Record<string, string>;
  /** Whether it may be sent twice. */
  isRepeatable: boolean;
  signal: AbortSignal | undefined;
}

export type AnyOptions = CallOptions & DryRunOptions & KeyOptions & MatchOptions;

/** What the API has answered. */
export interface Answer {
  /** Undefined where it has no body. */
  body: unknown;
  etag: string | null;
}

/**
 * Makes a function that sends requests, tries again what may be tried again, and parses answers.
 * @throws TypeError for a `baseUrl` that is no URL
 */
export function sender(options: ClientOptions): (request: Request) => Promise<Answer> {
  const {
    token,
    fetch = (url, init) => globalThis.fetch(url, init),
    retries = 3,
    maxRetryAfter = 60,
    cache = 0,
  } = options;
  const base = new URL(options.baseUrl).href.replace(/\/+$/, '');
  const kept = new Map<string, { etag: string; text: string }>();

  return async ({ method, path, body, headers: own, isRepeatable, signal }) => {
    const known = method === 'GET' ? kept.get(path) : undefined;
    // Whether an attempt may have been carried out although nothing came back.
    let isUncertain = false;
    let cause: unknown;
    for (let attempts = 1; ; attempts++) {
      signal?.throwIfAborted();
      const bearer = typeof token === 'function' ? await token() : token;
      const headers = new Headers(body === undefined ? {} : { 'Content-Type': 'application/json' });
      if (bearer !== undefined) headers.set('Authorization', `Bearer ${bearer}`);
      if (known) headers.set('If-None-Match', known.etag);
      // One by one: the constructor would join what differs in upper and lower case only.
      for (const [name, value] of Object.entries({ ...options.headers, ...own })) headers.set(name, value);
      let response: Response | undefined;
      let text = '';
      try {
        response = await fetch(base + path, { method, headers, body: body ?? null, signal: signal ?? null });
        text = await response.text();
      } catch (error) {
        signal?.throwIfAborted();
        response = undefined;
        cause = error;
      }
      const status = response?.status;
      if (response && status === 304 && known) {
        return { body: JSON.parse(known.text), etag: known.etag };
      }
      if (response?.ok) {
        const answer = { body: parsed(response, text, attempts), etag: response.headers.get('ETag') };
        if (cache > 0 && method === 'GET' && answer.etag) keep(path, { etag: answer.etag, text });
        return answer;
      }
      // What an attempt before has deleted is not there any more, which is what was asked for.
      if (isUncertain && method === 'DELETE' && status === 404) return { body: undefined, etag: null };
      // Without a key nobody knows whether it was this very request that has made another version.
      if (isUncertain && status === 412 && !own['Idempotency-Key']) throw new OnetripConnectionError(cause, attempts);
      isUncertain ||= !response || status === 503;
      const after = response && retryAfter(response.headers);
      const mayPass = !response || status === 429 || status === 503 || (status === 409 && after !== undefined);
      if (!isRepeatable || !mayPass || attempts > retries || (after ?? 0) > maxRetryAfter) {
        throw response ? new OnetripError(response, text, attempts) : new OnetripConnectionError(cause, attempts);
      }
      await sleep(after === undefined ? backoff(attempts) : after * 1000, signal);
    }
  };

  function keep(path: string, answer: { etag: string; text: string }): void {
    // A Map has the order of insertion: what was read longest ago goes first.
    kept.delete(path);
    kept.set(path, answer);
    for (const oldest of kept.keys()) if (kept.size > cache) kept.delete(oldest);
  }
}

/** @throws OnetripError for a success that is no JSON, as some proxies make it */
function parsed(response: Response, text: string, attempts: number): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new OnetripError(response, text, attempts);
  }
}

/** 100 to 200 ms, then twice that, and so on: not all callers at once (ms). */
function backoff(attempts: number): number {
  return 50 * 2 ** attempts * (1 + Math.random());
}

/** @throws the signal's reason, as soon as it is aborted */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}
