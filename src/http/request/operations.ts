import * as z from 'zod';
import { fault } from './schemas.ts';

/* The schema of operations that are carried out together. What an operation's own endpoint takes, that says. */

const MAX_OPERATIONS = 100;
const PATH = '^/api/v1/[!-"$-\\[\\]-~]+$';
/** An empty segment, or one that a URL resolves, as it stands or encoded: the request would have another path than it says. */
const RESOLVED_SEGMENT = /^[^?]*\/(\/|(\.|%2e){1,2}([/?]|$))/i;
/** `*`, or a list of entity tags (RFC 9110 §13.1.1), in which elements may be empty (§5.6.1.2). */
const IF_MATCH = '^( *\\* *|[ ,]*(W/)?"[!#-~]*"( *,[ ,]*(W/)?"[!#-~]*")*[ ,]*)$';
const NAME = '^[a-z][a-z0-9_]{0,31}$';

const operation = z
  .strictObject({
    id: z
      .string()
      .refine(
        (name) => new RegExp(NAME).test(name),
        fault('invalid_format', 'must be a lower-case letter and at most 31 more, digits and underscores'),
      )
      .optional()
      .meta({ pattern: NAME, description: 'Names what the operation makes, for later ones.', examples: ['trip'] }),
    method: z
      .enum(['POST', 'PUT', 'PATCH', 'DELETE'])
      .meta({ description: 'The method of the request.', id: 'OperationMethod', examples: ['POST'] }),
    path: z
      .string()
      .max(2048)
      .refine(
        (path) => new RegExp(PATH).test(path),
        fault('invalid_format', 'must begin with /api/v1/ and have nothing in it that a request cannot have'),
      )
      .refine(
        (path) => !RESOLVED_SEGMENT.test(path),
        fault('invalid_format', 'must have no segment that is empty, . or ..'),
      )
      .meta({
        pattern: PATH,
        description:
          'The path of the request, with its query. A segment can be the name of an earlier operation in braces.',
        examples: ['/api/v1/projects/{trip}/tasks'],
      }),
    body: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({
        description:
          'The body of the request, where it takes one. An id in it can be the name of an earlier operation in braces.',
        examples: [{ title: 'Book' }],
      }),
    if_match: z
      .string()
      .max(2048)
      .refine(
        (tags) => new RegExp(IF_MATCH).test(tags),
        fault('invalid_format', 'must be * or a list of entity tags, each in double quotes'),
      )
      .optional()
      .meta({
        pattern: IF_MATCH,
        description: 'What `If-Match` would be, where the request takes it.',
        examples: ['"3.9f86d081884c7d659a2feaa0c55ad015"'],
      }),
  })
  .meta({ id: 'Operation', description: 'A request to another endpoint.' });

/** Operations, each name once. */
export const operations = z
  .array(operation)
  .min(1)
  .max(MAX_OPERATIONS)
  .check(({ value, issues }) => {
    const names = new Set<string>();
    for (const [n, { id }] of value.entries()) {
      if (id !== undefined && names.has(id)) {
        const params = { code: 'repeated' };
        issues.push({ code: 'custom', input: id, path: [n, 'id'], message: 'names another operation already', params });
      }
      if (id !== undefined) names.add(id);
    }
  })
  .meta({
    description: `1 to ${MAX_OPERATIONS} operations, in the order in which they are carried out.`,
    examples: [[{ method: 'POST', path: '/api/v1/projects', body: { name: 'Trip to Lisbon' } }]],
  });
