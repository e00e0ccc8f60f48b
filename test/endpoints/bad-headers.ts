import type { Definition } from '../../src/http/endpoint/definition.ts';
import { type BadInput, type Case, goodRequest, type Target, withHeaders } from './bad-requests.ts';

/* What no header, method or path may be (docs/api-conventions.md, "Requests and responses"). */

const BAD_KEYS: Record<string, string> = {
  nothing: '',
  'quotes alone': '""',
  '256 characters': 'k'.repeat(256),
  '256 characters in quotes': `"${'k'.repeat(256)}"`,
  'a letter beyond ASCII': 'schlüssel',
  'a tab': 'a\tb',
  'an escape': 'a\x1bb',
  DEL: 'a\x7f',
  'a byte beyond ASCII': '\xff',
};

/** No list of entity tags. */
const NO_TAGS: Record<string, string> = {
  nothing: '',
  'commas alone': ' , ,',
  'a word': 'garbage',
  'a word before a tag': 'garbage, "2.x"',
  'a word behind a tag': '"2.x" garbage',
  'tags without a comma': '"1.x" "2.x"',
  'a bare version': '2',
  'a tag without quotes': '2.x',
  'a tag in single quotes': "'2.x'",
  'a tag without its end': '"2.x',
  'two asterisks': '**',
  'an asterisk beside a tag': '*, "2.x"',
  'a blank in a tag': '" 2.x"',
  'a lower-case weakness': 'w/"2.x"',
  'a weakness alone': 'W/',
};

/** Entity tags in which no version stands: they match nothing. */
const NO_MATCH: Record<string, string> = {
  'a version without a digest': '"2"',
  'an empty tag': '""',
  'a negative version': '"-2.x"',
  'a version with a plus': '"+2.x"',
  'a hexadecimal version': '"0x2.x"',
  'a version with an exponent': '"2e0.x"',
  'a version beyond all': '"99999999999999999999.x"',
  'version 0': '"0.x"',
  'an asterisk in quotes': '"*"',
};

const takesKey = ({ method }: Definition) => method === 'post' || method === 'patch';
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** @param definitions of all endpoints, to know which methods a path has */
export function badHeaders(definitions: Definition[]): BadInput[] {
  return [
    ...Object.entries(BAD_KEYS).map(([name, key]): BadInput => {
      const cases = withHeaders({ 'Idempotency-Key': key }, takesKey);
      return { name: `Idempotency-Key: ${name}`, status: 400, code: 'invalid_request', cases };
    }),
    ...Object.entries(NO_TAGS).map(([name, tags]): BadInput => {
      const cases = withHeaders({ 'If-Match': tags }, ({ ifMatch = false }) => ifMatch);
      return { name: `If-Match: ${name}`, status: 400, code: 'invalid_request', cases };
    }),
    ...Object.entries(NO_MATCH).map(([name, tags]): BadInput => {
      const cases = withHeaders({ 'If-Match': tags }, ({ ifMatch = false }) => ifMatch);
      return { name: `If-Match: ${name}`, status: 412, code: 'precondition_failed', asks: () => true, cases };
    }),
    ...['weak', 'eventual, strong', ''].map((consistency): BadInput => {
      const reads = ({ method, access }: Definition) => method === 'get' && access !== 'public';
      const cases = withHeaders({ 'Onetrip-Consistency': consistency }, reads);
      return { name: `Onetrip-Consistency: ${consistency}`, status: 400, code: 'invalid_request', cases };
    }),
    ...['false', 'TRUE', 'yes', '1', ''].map((value): BadInput => {
      const cases = withHeaders({ 'Onetrip-Dry-Run': value }, ({ access }) => access !== 'public');
      return { name: `Onetrip-Dry-Run: ${value}`, status: 400, code: 'invalid_request', cases };
    }),
    {
      name: 'Onetrip-Dry-Run: true, where there is nothing to try',
      status: 400,
      code: 'invalid_request',
      cases: withHeaders(
        { 'Onetrip-Dry-Run': 'true' },
        ({ method, access }) => access === 'platform' || (method === 'get' && access !== 'public'),
      ),
    },
    ...['another token', ''].map((token): BadInput => {
      const cases = withHeaders({ 'X-Tenant-Token': token }, ({ access }) => access !== 'public');
      return { name: `two tokens, the second ${JSON.stringify(token)}`, status: 400, code: 'invalid_request', cases };
    }),
    ...METHODS.map((method): BadInput => {
      return {
        name: `method: ${method}`,
        status: 405,
        code: 'method_not_allowed',
        cases: (target) => unknownMethod(target, method),
      };
    }),
    ...['/nothing/at/all/here', '//', '/%2F', '/%00'].map((more): BadInput => {
      return {
        name: `path: ${more} behind it`,
        status: 404,
        code: 'not_found',
        cases: (target) => elsewhere(target, (path) => path + more),
      };
    }),
    {
      name: 'path: in upper case',
      status: 404,
      code: 'not_found',
      cases: (target) => elsewhere(target, (path) => path.toUpperCase()),
    },
  ];

  function unknownMethod(target: Target, method: string): Case[] {
    const { path } = target.definition;
    const known = definitions.filter((other) => matches(other.path, path)).map((other) => other.method.toUpperCase());
    return known.includes(method) ? [] : [{ draft: { ...goodRequest(target), method, body: undefined } }];
  }

  function elsewhere(target: Target, change: (path: string) => string): Case[] {
    const draft = goodRequest(target);
    const path = change(draft.path);
    return definitions.some((other) => matches(other.path, path)) ? [] : [{ draft: { ...draft, path } }];
  }
}

/** Whether a concrete path, or another pattern, is one of this route. */
function matches(route: string, path: string): boolean {
  return new RegExp(`^${route.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`).test(path);
}
