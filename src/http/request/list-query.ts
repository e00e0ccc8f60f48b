import * as z from 'zod';
import type { Database } from '../../db/client/database.ts';
import { cursorContext, type Position } from '../../db/sql/keyset.ts';
import { type ListRequest, type SortMembers, sortText } from '../../db/sql/list.ts';
import { Problem, validationFailed } from '../../problem.ts';
import { sha256 } from '../../sha256.ts';
import { csv, queryBoolean, queryInteger } from './parameters.ts';
import { fault, timestamp } from './schemas.ts';

export const limit = queryInteger({ min: 1, max: 100, default: 20 }).meta({ description: 'At most so many rows.' });

/** The pattern is for the document only. A cursor of another form is damaged, which is `invalid_cursor`. */
const cursorText = z.string().meta({ pattern: '^[A-Za-z0-9._-]+$' });

/** Where a page starts. */
export const cursorParameter = (description: string) => cursorText.optional().meta({ description });

/** The query parameters that every list has (docs/api-conventions.md, "Lists"), with the filters of this list. */
export function listQuery<const S extends SortMembers, const F extends readonly string[], X extends z.ZodRawShape>({
  sorts,
  defaultSort,
  fields,
  filters,
}: {
  sorts: S;
  defaultSort: (keyof S & string) | `-${keyof S & string}`;
  fields: F;
  filters: X;
}) {
  return z.strictObject({
    limit,
    cursor: cursorParameter('Where the page starts: `page.next_cursor` of the page before.'),
    skip: queryInteger({ min: 0, max: 10_000 })
      .optional()
      .meta({ description: 'Leaves out the first rows. Not beside `cursor`, which is faster.' }),
    count: queryBoolean.optional().meta({ description: 'Adds `page.total`.' }),
    sort: sortParameter(Object.keys(sorts), defaultSort).default(parseSort(defaultSort)),
    fields: csv(fields).optional().meta({
      description:
        'A comma list of the members that the items shall have. The others are then missing, also those that the schema of the response requires.',
    }),
    ...filters,
  });
}

type Sort = ListRequest['sort'];

function parseSort(text: string): Sort {
  return text.split(',').map((part) => ({ member: part.replace(/^-/, ''), descending: part.startsWith('-') }));
}

function sortParameter(members: readonly string[], preset: string) {
  const one = `-?(${members.join('|')})`;
  const allowed = `must name ${members.join(', ')}, each at most once, with - in front for descending`;
  return z
    .string()
    .refine(
      (text) => {
        const named = parseSort(text).map(({ member }) => member);
        return named.every((member) => members.includes(member)) && new Set(named).size === named.length;
      },
      fault('invalid_value', allowed),
    )
    .meta({
      description: `The order, by ${members.join(', ')}; \`-\` in front for descending.`,
      pattern: `^${one}(,${one})*$`,
      default: preset,
    })
    .transform(parseSort);
}

interface CommonQuery {
  fields?: string[] | undefined;
  limit: number;
  cursor?: string | undefined;
  skip?: number | undefined;
  count?: boolean | undefined;
  sort: Sort;
}

/**
 * Splits a validated list query into the page that it asks for and the filters, and reads the cursor.
 * @param name of the list, which a cursor is bound to
 * @param owner the id in the path of the list, where it has one
 * @throws Problem `invalid_cursor` for a cursor that is damaged or was made for another list, filter or sort;
 * `unprocessable` for an inverted range of time
 */
export async function listRequest<Q extends CommonQuery>(db: Database, name: string, query: Q, owner?: string) {
  const { limit, cursor, skip, count, sort, fields, ...filters } = query;
  if (cursor !== undefined && skip !== undefined) {
    throw validationFailed([{ pointer: '?skip', code: 'excluded', message: 'cannot stand beside cursor' }]);
  }
  checkRanges(filters);
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  const canonical = given.length === 0 ? '' : JSON.stringify(given.sort(([a], [b]) => (a < b ? -1 : 1)));
  const request: ListRequest = { name, owner, limit, skip, count, sort, fields, filters: canonical };
  if (cursor !== undefined) {
    const context = cursorContext(db.scope, name, { owner: owner ?? '', filters: canonical, sort: sortText(sort) });
    request.after = await openCursor(cursor, context, sort.length + 1);
  }
  return { request, filters };
}

/** Filters by time, which projects and tasks have. The bounds are exclusive. */
export const timeFilters = {
  created_after: timestamp.optional().meta({ description: 'Created later than this.' }),
  created_before: timestamp.optional().meta({ description: 'Created earlier than this.' }),
  updated_after: timestamp.optional().meta({ description: 'Last changed later than this.' }),
  updated_before: timestamp.optional().meta({ description: 'Last changed earlier than this.' }),
};

/** Refuses an `x_after` that is later than `x_before`, because no row can be between them. */
function checkRanges(filters: Record<string, unknown>): void {
  for (const [name, before] of Object.entries(filters)) {
    const after = filters[name.replace(/before$/, 'after')];
    if (!/(^|_)before$/.test(name) || typeof before !== 'string' || typeof after !== 'string') continue;
    if (Date.parse(after) > Date.parse(before)) {
      const message = `lies before ${name.replace(/before$/, 'after')}`;
      throw new Problem('unprocessable', `?${name}: ${message}`, {
        errors: [{ pointer: `?${name}`, code: 'inverted_range', message }],
      });
    }
  }
}

/**
 * The position in a cursor of `make_cursor()`: base64url of a JSON array, a point, a checksum.
 * @param context see {@link cursorContext}
 * @param length how many values the position has, unless it has none
 * @throws Problem `invalid_cursor` for a cursor that is damaged or was made for another context
 */
export async function openCursor(cursor: string, context: string, length: number): Promise<Position> {
  const [payload = ''] = cursor.split('.');
  const expected = (await sha256(`${payload}.${context}`)).slice(0, 16);
  if (cursor !== `${payload}.${expected}`) throw invalidCursor();
  const position = positions.safeParse(decode(payload));
  if (!position.success || (position.data.length !== 0 && position.data.length !== length)) throw invalidCursor();
  return position.data;
}

const positions = z.array(z.string().nullable());

/** The JSON of a cursor, or undefined. Somebody who knows how to make the checksum can put anything into a cursor. */
function decode(payload: string): unknown {
  try {
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0))));
  } catch {
    return undefined;
  }
}

/** 400 for a cursor that cannot be read. */
export function invalidCursor(): Problem {
  const message = 'is damaged, or was made for another list, tenant, filter or sort';
  return new Problem('invalid_cursor', `?cursor: ${message}`, {
    errors: [{ pointer: '?cursor', code: 'invalid_cursor', message }],
  });
}
