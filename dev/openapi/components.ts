import * as z from 'zod';
import type { ZodOpenApiSchemaObject } from 'zod-openapi';
import { TEXT } from '../../src/http/request/schemas.ts';
import { PROBLEMS, type ProblemCode } from '../../src/problem.ts';

/* Schemas of the document that no endpoint defines. */

export const Problem = z
  .object({
    type: z.url().meta({ description: 'A URI for the kind of problem; it ends in the code.' }),
    title: z.string().meta({ description: 'What the code means, the same at every occurrence.' }),
    status: z.int().meta({ description: 'The status of the response.', examples: [400] }),
    code: z
      .enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]])
      .meta({ id: 'ProblemCode', description: 'The kind of problem, for programs.' }),
    detail: z.string().meta({ description: 'What is wrong this time, for people.' }),
    request_id: z.string().meta({ description: 'The `X-Request-Id` of the response.' }),
    errors: z
      .array(
        z
          .object({
            pointer: z.string().meta({
              description:
                'A JSON pointer into the body, `?name` for a query parameter, or `{name}` for one of the path.',
            }),
            code: z.string().meta({ description: 'The rule that is broken, for programs.' }),
            message: z.string().meta({ description: 'What is wrong with it, for people.' }),
          })
          .meta({ id: 'MemberError', description: 'What is wrong with one member of the request.' }),
      )
      .optional()
      .meta({ description: 'The members at fault, where single ones are.' }),
    current_version: z
      .int()
      .nullable()
      .optional()
      .meta({
        description: 'With `precondition_failed`: the version that the resource has now; null where it has none.',
        examples: [3],
      }),
    from: z.string().optional().meta({ description: 'With `invalid_transition`: the status that the task has.' }),
    to: z.string().optional().meta({ description: 'With `invalid_transition`: the status that was asked for.' }),
    allowed: z
      .array(z.string())
      .optional()
      .meta({ description: 'With `invalid_transition`: the statuses that the task can have next.' }),
    operation: z
      .int()
      .optional()
      .meta({
        description:
          'Of a batch: the operation that has the problem, from 0; the first, where the form of several is wrong.',
        examples: [2],
      }),
  })
  .catchall(z.unknown())
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

const NAMES: ZodOpenApiSchemaObject = { pattern: TEXT, not: { const: '__proto__' } };
const VALUES: ZodOpenApiSchemaObject = { $ref: '#/components/schemas/JsonValue' };

/**
 * Any JSON, under the rules for bodies. It says what a value is not, and names no type, because generators then take it for
 * what their language has for any value. Of a union of types that contains itself most of them make nothing.
 */
const JsonValue: ZodOpenApiSchemaObject = {
  description:
    'Any JSON. Names and strings have no control characters but line breaks and tabs. Numbers lie within ±(2^53 − 1), where every whole number is stored as it was sent: send longer ones as strings.',
  not: {
    oneOf: [
      { type: 'string', not: { pattern: TEXT } },
      { type: 'number', not: { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER } },
      { type: 'array', items: {}, not: { items: VALUES } },
      { type: 'object', not: { propertyNames: NAMES, additionalProperties: VALUES } },
    ],
  },
};

const Metadata: ZodOpenApiSchemaObject = {
  description: 'Any JSON object of the caller’s own.',
  type: 'object',
  propertyNames: NAMES,
  additionalProperties: VALUES,
  examples: [{ client: 'acme' }],
};

export const jsonComponents = { JsonValue, Metadata };

/** What each group of endpoints is about, by its folder under src/functions: the tags of the document. */
export const TAGS: Record<string, { name: string; description: string }> = {
  projects: { name: 'Projects', description: 'Projects, with their tasks nested.' },
  tasks: { name: 'Tasks', description: 'Tasks and subtasks, with their tags, assignees and blockers.' },
  tags: { name: 'Tags', description: 'Words that tasks can be found by.' },
  comments: { name: 'Comments', description: 'What people say about tasks.' },
  batch: { name: 'Batches', description: 'Several operations at once, all or nothing.' },
  activity: { name: 'Activity', description: 'Changes and comments together, for people to read.' },
  changes: { name: 'Changes', description: 'What has changed, for programs that keep a copy.' },
  members: { name: 'Members', description: 'People who can be assigned, mentioned and shown by name.' },
  me: { name: 'Me', description: 'The caller.' },
  trash: { name: 'Trash', description: 'What was deleted and can be restored.' },
  'api-keys': { name: 'API keys', description: 'Keys for scripts and integrations without an identity provider.' },
  webhooks: { name: 'Webhooks', description: 'URLs that are told of each change.' },
  audit: { name: 'Audit log', description: 'Every change, for administrators.' },
  tenants: { name: 'Tenants', description: 'The tenants of the deployment, for the platform.' },
  meta: { name: 'Meta', description: 'The API itself: health, readiness, this document.' },
};
