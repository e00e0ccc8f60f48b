import * as z from 'zod';

/* The queries of the client's methods and what `fields` and `include` make of their results. */

type Json = z.core.JSONSchema.BaseSchema;

/**
 * A query as callers of the client write it: comma lists as arrays, JSON as an object, the order as one text or an array.
 * `fields` is left out, because its type depends on the call; so is `include` where it is known what it adds. Undefined where
 * nothing else is left.
 */
export function queryForCallers(
  query: z.ZodObject,
  knowsInclude: boolean,
  repeatable: string[] = [],
): z.ZodObject | undefined {
  const parameters = Object.entries(query.shape as Record<string, z.ZodType>).filter(([name]) => {
    return name !== 'fields' && !(knowsInclude && name === 'include');
  });
  if (parameters.length === 0) return undefined;
  return z.strictObject(
    Object.fromEntries(
      parameters.map(([name, schema]) => {
        const input = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
        const output = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
        const tsType = repeatable.includes(name) ? 'string | readonly string[]' : typeForCallers(name, input, output);
        const member = tsType ? z.unknown().meta({ tsType }) : schema;
        const description = schema.description ?? input.description;
        return [name, member.optional().meta(description ? { description } : {})];
      }),
    ),
  );
}

/** The TypeScript of a parameter that callers do not write as it stands in the query. */
function typeForCallers(name: string, input: Json, output: Json): string | undefined {
  if (name === 'sort') {
    const [, members = ''] = /^\^-\?\(([^)]*)\)/.exec(input.pattern ?? '') ?? [];
    const orders = union(members.split('|').flatMap((member) => [member, `-${member}`]));
    return `${orders} | readonly (${orders})[]`;
  }
  if (input.type === 'string' && output.type === 'array') {
    return `readonly (${union((output.items as { enum: string[] }).enum)})[]`;
  }
  return input.type === 'string' && output.type === 'object' ? 'Record<string, unknown>' : undefined;
}

function union(values: string[]): string {
  return values.map((value) => `'${value}'`).join(' | ');
}

/** The values of `include` that name a member of the result. */
export function includesOf(query: z.ZodObject | undefined, result: z.ZodType | undefined): string[] {
  const include = query?.shape.include as z.ZodType | undefined;
  if (!include || !(result instanceof z.ZodObject)) return [];
  const { const: only, enum: several = [only] } = z.toJSONSchema(include, { io: 'input', unrepresentable: 'any' });
  return several.filter((value): value is string => typeof value === 'string' && value in result.shape);
}

/** What a list shows of each item. */
export function itemOf(page: z.ZodType | undefined): z.ZodObject {
  const data = page instanceof z.ZodObject ? page.shape.data : undefined;
  if (!(data instanceof z.ZodArray && data.element instanceof z.ZodObject)) throw new Error('A list has no data.');
  return data.element;
}
