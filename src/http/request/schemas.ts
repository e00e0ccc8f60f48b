/* The building blocks that the schemas of requests are made of (docs/api-conventions.md, "Requests and responses"). */
import * as z from 'zod';
import {
  AUDIT_LOG_ACTION,
  AUDIT_LOG_RESOURCE_TYPE,
  PROJECTS_STATUS,
  TASKS_STATUS,
  TENANTS_STATUS,
} from '../../db/enums.ts';
import { Problem } from '../../problem.ts';
import { jsonbLength } from './jsonb-length.ts';
import { jsonPointer, MAX_ERRORS, parseJsonObject } from './strict-json.ts';

/**
 * The options of a `.refine()` that fails with a code for the caller, and ends the checks of that value.
 * @param message a phrase that follows the member's name, such as `must be a date`.
 */
export function fault(code: string, message: string): { error: string; abort: true; params: { code: string } } {
  return { error: message, abort: true, params: { code } };
}

// ---- For bodies. Queries and paths may use those that are strings. ----

/** A UUID of any version, RFC 9562 §4; upper case is the same id, so the output is lower case. */
export const guid = z
  .guid({ abort: true }) // so that a union with it tells all its branches
  .toLowerCase()
  .meta({ format: 'uuid', examples: ['01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b'] });

const ONE_LINE = [
  (text: string) => !/\p{Cc}/u.test(text),
  fault('control_character', 'must not contain line breaks, tabs or other control characters'),
] as const;
// The same as patterns, for the document. They spell \p{Cc} out, which not every tool knows.
const CHARACTER = '[^\\u0000-\\u001f\\u007f-\\u009f]';
export const TEXT = '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$';
const BLANK = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** A text of one line for people to read, 1 to `max` code points; the output is trimmed and in NFC. */
export function label(max: number) {
  const tooLong = fault('too_long', `must be at most ${max} characters`);
  // NFC takes quadratic time (36 s for 680 KB of accents), hence a coarse limit before it:
  // it makes one code point of at most four, of two units each.
  return z
    .string()
    .refine(...ONE_LINE)
    .trim()
    .refine((text) => text.length <= 8 * max, tooLong)
    .normalize('NFC')
    .refine((text) => !BLANK.test(text), fault('blank', 'must not be blank'))
    .max(max)
    .meta({ minLength: 1, pattern: `^${CHARACTER}*[^\\s\\u0000-\\u001f\\u007f-\\u009f]${CHARACTER}*$` });
}

export const name255 = label(255).meta({ examples: ['Trip to Lisbon'] });
export const tagName = label(100).meta({ examples: ['urgent'] });
export const tagNames = z.array(tagName).max(50);

/** Line breaks and tabs are welcome; the strict parser has refused all other control characters. */
export const description = z.string().max(10_000).meta({ pattern: TEXT }).nullable();

/** The rules for bodies, which the strict parser holds, said in the document (dev/openapi/document.ts has the components). */
const jsonMembers = {
  propertyNames: { $ref: '#/components/schemas/JsonName' },
  additionalProperties: { $ref: '#/components/schemas/JsonValue' },
};

/** Beyond this a double cannot tell whole numbers apart: 9007199254740993 would be stored as …992, in silence. */
const MAX_EXACT = Number.MAX_SAFE_INTEGER;
const INEXACT = `must be a number from -${MAX_EXACT} to ${MAX_EXACT}, or a string`;

/**
 * The paths of numbers beyond ±(2^53 − 1) in a JSON value, 20 at most. They are looked for after JSON.parse has rounded
 * them: rounding keeps their order, so none of them becomes a smaller one, however it was spelled (1e20, 9007199254740993.0).
 */
function inexactNumbers(root: object): PropertyKey[][] {
  const found: PropertyKey[][] = [];
  const path: PropertyKey[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'number') {
      if (Math.abs(value) > MAX_EXACT && found.length < MAX_ERRORS) found.push([...path]);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        path.push(name);
        visit(member);
        path.pop();
      }
    }
  };
  visit(root);
  return found;
}

/** Any JSON object without such numbers. */
const jsonObject = z.looseObject({}).check(({ value, issues }) => {
  for (const path of inexactNumbers(value)) {
    issues.push({ code: 'custom', input: value, path, message: INEXACT, params: { code: 'number_out_of_range' } });
  }
});

/** Metadata, handed on as they are; at most 16 KiB as the database prints them. */
export const metadata = jsonObject
  .refine(
    (value) => jsonbLength(value) <= 16_384,
    fault('too_large', 'must be at most 16 KiB as the database prints it'),
  )
  .meta({ examples: [{ client: 'acme' }], override: jsonMembers });

/** What a patch merges into metadata (RFC 7396); the database measures what comes of it. */
export const metadataPatch = jsonObject.meta({
  examples: [{ client: 'acme', budget: null }],
  override: jsonMembers,
});

/** Who acted: the `sub` of a token. */
export const actor = z
  .string()
  .refine((text) => !/\p{Cc}/u.test(text), fault('control_character', 'must not contain control characters'))
  .max(255)
  .meta({ pattern: `^${CHARACTER}+$` });

/** A day of the calendar, RFC 3339 `full-date`, in the years 0001 to 9999. */
export const date = z
  .string()
  .refine(isDate, fault('invalid_format', 'must be a date that exists, written YYYY-MM-DD'))
  .meta({ format: 'date', examples: ['2026-01-31'] });

/** A moment, RFC 3339 `date-time`; the output is in UTC, with the fraction as sent, as PostgreSQL takes it. */
export const timestamp = z
  .string()
  .refine(
    (text) => toUtc(text) !== undefined,
    fault('invalid_format', 'must be a timestamp such as 2026-01-31T09:30:00Z (in a query, write + as %2B)'),
  )
  .overwrite((text) => toUtc(text) ?? text)
  .meta({ format: 'date-time', examples: ['2026-01-31T09:30:00Z'] });

export const taskStatus = z.enum(TASKS_STATUS);
export const projectStatus = z.enum(PROJECTS_STATUS);
export const tenantStatus = z.enum(TENANTS_STATUS);
export const resourceType = z.enum(AUDIT_LOG_RESOURCE_TYPE);
export const auditAction = z.enum(AUDIT_LOG_ACTION);
export const priority = z.int().min(0).max(4);
/** Within a range in which there is always room for a whole number after the last one (a double has 53 bits). */
export const position = z.number().min(-1e15).max(1e15);

export const color = z
  .string()
  .refine((text) => /^#[0-9a-f]{6}$/i.test(text), fault('invalid_format', 'must be a colour written #RRGGBB'))
  .meta({ pattern: '^#[0-9A-Fa-f]{6}$', examples: ['#1E90FF'] });

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text.startsWith('0000')) return false;
  const day = new Date(`${text}T00:00:00Z`);
  // Some engines roll 31 April over to 1 May.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

const TIMESTAMP =
  /^(\d{4}-\d\d-\d\d)T((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d{1,9})?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

/** In UTC, because PostgreSQL knows no offsets beyond 15:59; undefined if that is no moment of the years 0001 to 9999. */
function toUtc(text: string): string | undefined {
  const [, day = '', time = '', fraction = '', sign = '+', hours = '0', minutes = '0'] = TIMESTAMP.exec(text) ?? [];
  if (!isDate(day)) return undefined;
  const offset = Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const seconds = new Date(Date.parse(`${day}T${time}Z`) - offset).toISOString().slice(0, -5);
  return /^(?!0000)\d{4}-/.test(seconds) ? `${seconds}${fraction}Z` : undefined;
}

// ---- For queries: the input is a string. ----

/** A transform that reads a string with `read`, which returns undefined for what it refuses. */
function reader<T>(read: (text: string) => T | undefined, code: string, message: string) {
  return (text: string, ctx: z.RefinementCtx): T => {
    // A bare z.transform() checks no type: a missing parameter comes here too.
    if (typeof text !== 'string') {
      ctx.issues.push({ code: 'invalid_type', expected: 'string', input: text });
      return z.NEVER;
    }
    const value = read(text);
    if (value !== undefined) return value;
    ctx.issues.push({ code: 'custom', input: text, message, params: { code } });
    return z.NEVER;
  };
}

type IntegerParameter = z.ZodPipe<z.ZodTransform<number, string>, z.ZodInt>;

/** A whole number in plain decimal digits: no sign, no exponent. With `default` the parameter may be absent. */
export function queryInteger(range: { min: number; max: number }): IntegerParameter;
export function queryInteger(range: { min: number; max: number; default: number }): z.ZodDefault<IntegerParameter>;
export function queryInteger(range: { min: number; max: number; default?: number }) {
  const { min, max, default: preset } = range;
  const message = `must be a whole number from ${min} to ${max} in decimal digits`;
  const number = z.int().min(min).max(max);
  const digits = z.transform(
    reader((text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined), 'invalid_format', message),
  );
  if (preset === undefined) return z.pipe(digits, number);
  // The default stands in the inner schema for the document's sake: zod leaves it out where a transform is inside.
  return z.pipe(digits, number.meta({ default: preset })).default(preset);
}

/** A switch that can only be turned on. */
export const queryTrue = z.pipe(
  z.transform(reader((text) => (text === 'true' ? true : undefined), 'invalid_value', 'must be true')),
  z.literal(true),
);

const BOOLEANS = new Map([
  ['true', true],
  ['false', false],
]);
export const queryBoolean = z.pipe(
  z.transform(reader((text) => BOOLEANS.get(text), 'invalid_value', 'must be true or false')),
  z.boolean(),
);

/**
 * A comma list of some of `values`, each at most once; the output is an array in the caller's order.
 * The document shows it as a string, because a parameter's `style` would be lost in `.optional()`.
 */
export function csv<const T extends readonly string[]>(values: T) {
  const one = `(${values.join('|')})`;
  const pieces = (text: string) => {
    const list = text.split(',');
    return list.includes('') || new Set(list).size < list.length ? undefined : list;
  };
  return z
    .string()
    .meta({
      description: 'A comma list, each entry at most once',
      pattern: `^${one}(,${one})*$`,
      examples: [values.slice(0, 2).join(',')],
    })
    .transform(reader(pieces, 'invalid_format', 'must be a comma list without empty or repeated entries'))
    .pipe(z.array(z.string().pipe(z.enum(values))));
}

/** A JSON object in a string, under the rules for bodies. */
export const jsonObjectParam = z
  .string()
  .meta({ contentMediaType: 'application/json', examples: ['{"client":"acme"}'] })
  .transform((text, ctx) => {
    const refuse = (code: string, pointer: string, message: string) => {
      const reason = pointer === '' ? '' : `, but ${pointer} ${message}`;
      ctx.issues.push({ code: 'custom', input: text, message: `must be a JSON object${reason}`, params: { code } });
      return z.NEVER;
    };
    try {
      const value = parseJsonObject(new TextEncoder().encode(text));
      // Here, because the pointer of a parameter can only name the whole of it.
      const [path] = inexactNumbers(value);
      return path ? refuse('number_out_of_range', jsonPointer(path), INEXACT) : value;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { code = error.code, pointer = '', message = '' } = error.options.errors?.[0] ?? {};
      return refuse(code, pointer, message);
    }
  })
  .pipe(metadata);

/** Words to search for. */
export const searchText = z
  .string()
  .refine(...ONE_LINE)
  .min(1)
  .max(200)
  .meta({ pattern: `^${CHARACTER}+$`, examples: ['passport renew'] });
