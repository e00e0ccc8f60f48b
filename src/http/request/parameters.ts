import * as z from 'zod';
import { Problem } from '../../problem.ts';
import { CHARACTER, guid, INEXACT, inexactNumbers, metadata, ONE_LINE } from './schemas.ts';
import { jsonPointer, parseJsonObject } from './strict-json.ts';

/* What the schemas of query strings are made of, beyond what bodies have: the input is a string. */

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

/** How many tasks a project is shown with. */
export const taskLimit = queryInteger({ min: 0, max: 1000, default: 200 }).meta({
  description: 'How many tasks to nest; `tasks_page` says where the rest is.',
});

/** A switch that can only be turned on. */
export const queryTrue = z.pipe(
  z.transform(reader((text) => (text === 'true' ? true : undefined), 'invalid_value', 'must be true')),
  z.literal(true).meta({ examples: [true] }),
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
  .meta({ description: 'A JSON object.', examples: ['{"client":"acme"}'] })
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

const UUID = '[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}';

/** An id, or one of some words in its place. The document has one string, because generators make little sense of a union. */
export function idOr<const W extends string>(...words: W[]) {
  return z.union([z.enum(words), guid]).meta({
    examples: [words[0]],
    override: ({ jsonSchema }) => {
      delete jsonSchema.anyOf;
      Object.assign(jsonSchema, { type: 'string', pattern: `^(${words.join('|')}|${UUID})$` });
    },
  });
}

/** A parameter that may be repeated: a string where it stands once, otherwise an array. The document has the array alone. */
export function repeatable<T extends string>(one: z.ZodType<T, string>, all: z.ZodType<T[], string[]>) {
  return z.union([one.transform((value) => [value]), all]).meta({
    override: ({ jsonSchema }) => {
      const list = jsonSchema.anyOf?.[1];
      delete jsonSchema.anyOf;
      Object.assign(jsonSchema, list);
    },
  });
}

/** A member in a filter. */
export const memberOrMe = idOr('me').meta({
  description: 'The id of a member, or `me` for the caller’s own; a caller who is no member gets no rows.',
});

/** Words to search for. */
export const searchText = z
  .string()
  .refine(...ONE_LINE)
  .min(1)
  .max(200)
  .meta({
    pattern: `^${CHARACTER}+$`,
    description:
      'All of these words, in any order; of the last one its beginning is enough. Neither case nor accents matter.',
    examples: ['passport renew'],
  });
