import { etagOf, remember } from './etags.ts';
import { ENDPOINTS } from './generated/endpoints.ts';
import type { Onetrip } from './generated/onetrip.ts';
import { List, type Page } from './list.ts';
import { type AnyOptions, type ClientOptions, type Request, sender } from './send.ts';
import type { Reference } from './types.ts';

type Query = Record<string, unknown>;
type Namespace = { [name: string]: Namespace | ((...args: unknown[]) => unknown) };

/**
 * Makes a client of the API. It sends nothing until one of its methods is called.
 * @throws TypeError for a `baseUrl` that is no URL
 */
export function createClient(options: ClientOptions): Onetrip {
  const send = sender(options);
  const client: Namespace = {};
  for (const line of ENDPOINTS.trim().split('\n')) {
    const [name = '', ...endpoint] = line.split(' ');
    const names = name.split('.');
    const last = names.pop() as string;
    let place = client;
    for (const one of names) {
      place[one] ??= {};
      place = place[one] as Namespace;
    }
    place[last] = method(send, endpoint);
  }
  // The table and the interface are generated from the same definitions.
  return client as unknown as Onetrip;
}

/** The method of one endpoint. Its arguments: those in the path, the body, the query, options. */
function method(send: ReturnType<typeof sender>, endpoint: string[]): (...args: unknown[]) => unknown {
  const [verb = '', template = '', flags = '', ...repeated] = endpoint;
  const has = (flag: string) => flags.includes(flag);
  return (...args) => {
    const references: Reference[] = [];
    const path = `/api/v1${template.replaceAll(':', () => {
      const reference = args.shift() as Reference;
      references.push(reference);
      return idOf(reference, template);
    })}`;
    const body = has('b') ? JSON.stringify(args.shift() ?? {}) : undefined;
    const query = (has('q') && (args.shift() as Query)) || {};
    const { signal, headers, idempotencyKey, ifMatch, dryRun } = (args[0] ?? {}) as AnyOptions;
    const tag = ifMatch ?? (has('m') ? etagOf(references.at(-1)) : undefined);
    const request: Request = {
      method: verb,
      path,
      body,
      headers: {
        ...(has('k') ? { 'Idempotency-Key': idempotencyKey ?? randomKey() } : {}),
        ...(tag ? { 'If-Match': tag } : {}),
        ...(dryRun ? { 'Onetrip-Dry-Run': 'true' } : {}),
        ...headers,
      },
      isRepeatable: has('k') || !/^P(OST|ATCH)/.test(verb),
      signal,
    };
    const call = async (parameters: Query) => {
      const { body, etag } = await send({ ...request, path: path + search(parameters, repeated) });
      remember(body, etag);
      return body;
    };
    if (!has('l')) return call(query);
    return new List((cursor) => {
      // `skip` counts from the beginning: a page at a cursor has nothing left to skip.
      const parameters = cursor === undefined ? query : { ...query, cursor, skip: undefined };
      return call(parameters) as Promise<Page<unknown>>;
    });
  };
}

/** @throws TypeError for what would be another path, such as the one of the whole list */
function idOf(reference: Reference, template: string): string {
  const id = typeof reference === 'string' ? reference : reference?.id;
  // URLs take dots alone for steps (URL standard, "dot-segment"), however they are encoded.
  if (typeof id !== 'string' || /^\.{0,2}$/.test(id)) {
    throw new TypeError(`${template} needs an id, or an object with one`);
  }
  return encodeURIComponent(id);
}

/** The query string: lists joined by commas, or repeated; objects as JSON. */
function search(query: Query, repeated: string[]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (Array.isArray(value) && repeated.includes(name)) for (const one of value) parameters.append(name, one);
    else if (Array.isArray(value)) parameters.append(name, value.join());
    else parameters.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  const text = String(parameters);
  return text && `?${text}`;
}

/** 128 random bits in hexadecimal. (Pages without https have no `crypto.randomUUID`.) */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
