/*
 * Query strings under the rules of docs/api-conventions.md, "Query strings". Frameworks are laxer: they pass `%ZZ` on as
 * it is, and decode `%ff`, which is not UTF-8, to some character.
 */
import type { MiddlewareHandler } from 'hono';
import { type MemberError, validationFailed } from '../../problem.ts';
import type { Env } from '../env.ts';
import { abbreviate, MAX_ERRORS, textFault } from './strict-json.ts';

/** Parses the query string strictly, and gives Hono the result in place of its own. */
export function strictQuery(repeatable: string[] = []): MiddlewareHandler<Env> {
  const names = new Set(repeatable);
  return async (c, next) => {
    const query = Object.entries(parseQueryString(c.req.url, names));
    c.req.queries = (() => Object.fromEntries(query.map(([name, value]) => [name, [value].flat()]))) as never;
    await next();
  };
}

/**
 * Parses the query of a URL (`application/x-www-form-urlencoded`, so `+` is a space) into an object without a
 * prototype. Parameters in `repeatable` always come back as arrays, all others as strings, which are never empty.
 * Empty pieces, as in `a=1&&b=2&`, are ignored.
 *
 * Throws `validation_failed` with pointers `?name`: `invalid_encoding` (bad percent-encoding or UTF-8, RFC 3986 §2.1),
 * `control_character`, `unpaired_surrogate`, `empty_name`, `empty_value`, `repeated_parameter`.
 */
export function parseQueryString(
  url: string,
  repeatable: ReadonlySet<string> = new Set(),
): Record<string, string | string[]> {
  const found = new Map<string, string[]>();
  const errors: MemberError[] = [];

  for (const piece of rawQuery(url).split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    const rawName = equals < 0 ? piece : piece.slice(0, equals);
    const name = decode(rawName);
    const value = equals < 0 ? '' : decode(piece.slice(equals + 1));
    const fault = pieceFault(name, value);
    if (fault) errors.push({ pointer: `?${abbreviate(name ?? rawName)}`, ...fault });
    if (name === undefined || value === undefined) continue;
    const values = found.get(name);
    if (values) values.push(value);
    else found.set(name, [value]);
  }

  // Without a prototype a parameter called `__proto__` is a name like any other.
  const query: Record<string, string | string[]> = Object.create(null);
  for (const [name, values] of found) {
    const [value = ''] = values;
    query[name] = repeatable.has(name) ? values : value;
    if (values.length > 1 && !repeatable.has(name)) {
      errors.push({ pointer: `?${abbreviate(name)}`, code: 'repeated_parameter', message: 'must not be repeated' });
    }
  }
  if (errors.length > 0) throw validationFailed(errors.slice(0, MAX_ERRORS));
  return query;
}

/** The query of a URL as it was sent, without the `?` and the fragment; empty where there is none. */
export function rawQuery(url: string): string {
  const [beforeFragment = ''] = url.split('#', 1);
  const mark = beforeFragment.indexOf('?');
  return mark < 0 ? '' : beforeFragment.slice(mark + 1);
}

/** The text that was encoded, or undefined if it is not percent-encoded UTF-8. */
function decode(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function pieceFault(name: string | undefined, value: string | undefined): Omit<MemberError, 'pointer'> | undefined {
  if (name === undefined || value === undefined) {
    return { code: 'invalid_encoding', message: 'must be percent-encoded UTF-8' };
  }
  if (name === '') return { code: 'empty_name', message: 'a parameter must have a name' };
  if (value === '') return { code: 'empty_value', message: 'must not be empty' };
  return textFault(name) ?? textFault(value);
}
