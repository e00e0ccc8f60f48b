import type { Reply } from './api.ts';

/** An id that no row of any tenant has. */
export const UNKNOWN = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';

const UUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const TIMES = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/** The body of an error without what differs from request to request. */
export const anonymous = (text: string) => text.replace(/"request_id":"[^"]*"/, '');

/** What a caller is told, but for what names the request or measures it: equal for answers that tell the same. */
export function told({ status, headers, text }: Reply): unknown {
  const varying = ['x-request-id', 'server-timing', 'date'];
  return { status, headers: [...headers].filter(([name]) => !varying.includes(name)), text: anonymous(text) };
}

const KEYS = /ot_\w{43}_\w{49}|whsec_[\w+/]{43}=/g;

/** Of an ETag within a body. */
const DIGESTS = /(?<=\\"\d+\.)[0-9a-f]{32}/g;

/** The same without ids, times, API keys, secrets and what is computed from them: equal for equal requests of two tenants with equal rows. */
export function toldOfEquals({ status, headers, text }: Reply): unknown {
  return {
    status,
    headers: [...headers.keys()],
    version: /^"\d+(?=\.)/.exec(headers.get('ETag') ?? '')?.[0],
    text: text.replaceAll(UUIDS, 'id').replaceAll(TIMES, 'time').replaceAll(KEYS, 'key').replaceAll(DIGESTS, 'digest'),
  };
}

/** All ids that stand in a text. */
export function idsIn(text: string): string[] {
  return [...new Set(text.toLowerCase().match(UUIDS))];
}
