/*
 * The building blocks that the schemas of requests are made of (docs/api-conventions.md, "Requests and responses"). Those
 * that are strings are for queries and paths, too; `parameters.ts` has what only queries have.
 */
import * as z from 'zod';
import {
  API_KEYS_ROLE,
  ASSIGNEES_ROLE,
  AUDIT_LOG_ACTION,
  AUDIT_LOG_RESOURCE_TYPE,
  MEMBERS_STATUS,
  PROJECTS_STATUS,
  TASKS_STATUS,
  TENANTS_STATUS,
} from '../../db/enums.ts';
import { SHARD_NAME } from '../../db/shards/shard-name.ts';
import { jsonbLength } from './jsonb-length.ts';
import { MAX_ERRORS } from './strict-json.ts';

/**
 * The options of a `.refine()` that fails with a code for the caller, and ends the checks of that value.
 * @param message a phrase that follows the member's name, such as `must be a date`.
 */
export function fault(code: string, message: string): { error: string; abort: true; params: { code: string } } {
  return { error: message, abort: true, params: { code } };
}

/** A UUID of any version, RFC 9562 §4; upper case is the same id, so the output is lower case. */
export const guid = z
  .guid({ abort: true }) // so that a union with it tells all its branches
  .toLowerCase()
  .meta({ format: 'uuid', examples: ['01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b'] });

export const ONE_LINE = [
  (text: string) => !/\p{Cc}/u.test(text),
  fault('control_character', 'must not contain line breaks, tabs or other control characters'),
] as const;
// The same as patterns, for the document. They spell \p{Cc} out, which not every tool knows.
export const CHARACTER = '[^\\u0000-\\u001f\\u007f-\\u009f]';
const TEXT_CHARACTER = '[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]';
export const TEXT = `^${TEXT_CHARACTER}*$`;
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

export const name255 = label(255).meta({ description: 'One line, not blank.', examples: ['Trip to Lisbon'] });
export const shardName = z
  .string()
  .regex(SHARD_NAME, fault('invalid_value', 'must be the name of a database'))
  .meta({
    description:
      'The database that the tenant is to be at home in, by its name in this deployment, where it has several. By default the one that is least full.',
    examples: ['eu-1'],
  });
export const tagName = label(100).meta({
  description: 'The name of a tag, whatever its case and Unicode form.',
  examples: ['urgent'],
});
export const tagNames = z
  .array(tagName)
  .max(50)
  .meta({ description: 'Names of tags. Those that do not exist are created.', examples: [['urgent']] });

/** Line breaks and tabs are welcome; the strict parser has refused all other control characters. */
export const description = z
  .string()
  .max(10_000)
  .meta({ pattern: TEXT })
  .nullable()
  .meta({ description: 'Text of any number of lines.', examples: ['Three nights in the old town'] });

/** The same, but not blank: what somebody says to others. */
export const longText = z
  .string()
  .refine((text) => !BLANK.test(text), fault('blank', 'must not be blank'))
  .max(10_000)
  .meta({ minLength: 1, pattern: `^${TEXT_CHARACTER}*[^\\s\\u0000-\\u001f\\u007f-\\u009f]${TEXT_CHARACTER}*$` });

/** An object of any JSON, as the document has it: a component (dev/openapi/components.ts) whose rules the strict parser holds. */
export const METADATA_COMPONENT = {
  override: ({ jsonSchema }: { jsonSchema: object }) => {
    for (const name of ['type', 'properties', 'additionalProperties', 'propertyNames'])
      Reflect.deleteProperty(jsonSchema, name);
    Object.assign(jsonSchema, { $ref: '#/components/schemas/Metadata' });
  },
};

/** Beyond this a double cannot tell whole numbers apart: 9007199254740993 would be stored as …992, in silence. */
const MAX_EXACT = Number.MAX_SAFE_INTEGER;
export const INEXACT = `must be a number from -${MAX_EXACT} to ${MAX_EXACT}, or a string`;

/**
 * The paths of numbers beyond ±(2^53 − 1) in a JSON value, 20 at most. They are looked for after JSON.parse has rounded
 * them: rounding keeps their order, so none of them becomes a smaller one, however it was spelled (1e20, 9007199254740993.0).
 */
export function inexactNumbers(root: object): PropertyKey[][] {
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
  .meta({ description: 'Any JSON object, at most 16 KiB as the database prints it.', ...METADATA_COMPONENT });

/** What a patch merges into metadata (RFC 7396); the database measures what comes of it. */
export const metadataPatch = jsonObject.meta({
  description: 'Is merged into what is there (RFC 7396): null takes a member away.',
  ...METADATA_COMPONENT,
});

/** Who acted: the `sub` of a token. */
export const actor = z
  .string()
  .refine((text) => !/\p{Cc}/u.test(text), fault('control_character', 'must not contain control characters'))
  .max(255)
  .meta({
    pattern: `^${CHARACTER}+$`,
    description: 'Who acted, as `actor` shows it.',
    examples: ['auth0|5f7c8ec7c33c6c004bbafe82'],
  });

/** What an API key looks like (src/http/auth/api-keys.ts), for the OpenAPI document and for scanners. */
export const API_KEY_PATTERN = '^ot_[0-9A-Za-z]{43}_[0-9A-Za-z]{49}$';

/** The `sub` of a person's tokens, as it stands there. Two beginnings are kept for API keys, and for who has been purged. */
export const subject = z
  .string()
  // Not by min(1), which would also say something of an empty list.
  .refine((text) => text !== '', fault('too_short', 'must not be empty'))
  .refine((text) => !/\p{Cc}/u.test(text), fault('control_character', 'must not contain control characters'))
  .refine((text) => !/^(api-key|member):/.test(text), fault('reserved', 'must not begin with api-key: or member:'))
  .max(255)
  .meta({
    pattern: `^(?!(api-key|member):)${CHARACTER}+$`,
    description: 'The `sub` of this person’s tokens; null for somebody who never signs in.',
    examples: ['auth0|5f7c8ec7c33c6c004bbafe82'],
  });

// What stands between the dots of an address: anything but white space, and what separates addresses or quotes them.
const ATOM = '[^\\s@.,;:<>()\\[\\]\\\\"\\u0000-\\u001f\\u007f-\\u009f]+';
const ADDRESS = `${ATOM}(\\.${ATOM})*@${ATOM}(\\.${ATOM})+`;
const EMAIL = new RegExp(`^${ADDRESS}$`, 'u');

/** One email address, in any script (RFC 6531), without a display name; trimmed. Whether anybody reads it, only a message tells. */
export const email = z
  .string()
  .refine(...ONE_LINE)
  .trim()
  .refine((text) => EMAIL.test(text), fault('invalid_format', 'must be one email address, such as ada@example.com'))
  .max(254)
  .meta({
    format: 'idn-email',
    pattern: `^\\s*${ADDRESS}\\s*$`,
    description: 'One email address, without a display name.',
    examples: ['ada@example.com'],
  });

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
  .meta({ format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] });

export const taskStatus = z.enum(TASKS_STATUS).meta({
  id: 'TaskStatus',
  description: 'How far a task is. Which status can follow which, the problem `invalid_transition` says.',
});
export const projectStatus = z.enum(PROJECTS_STATUS).meta({
  id: 'ProjectStatus',
  description: 'Whether a project is in use. An archived one still takes tasks.',
});
export const tenantStatus = z.enum(TENANTS_STATUS).meta({
  id: 'TenantStatus',
  description: 'The tokens of a tenant that is not active are refused.',
});
export const memberStatus = z.enum(MEMBERS_STATUS).meta({
  id: 'MemberStatus',
  description: 'The tokens of a deactivated member are `403`, the API keys that act for it `401`.',
});
export const assigneeRole = z.enum(ASSIGNEES_ROLE).meta({
  id: 'AssigneeRole',
  description: 'As what somebody works on a task. A task has at most one owner.',
});
export const apiKeyRole = z.enum(API_KEYS_ROLE).meta({
  id: 'Role',
  description:
    'What a caller may do: a viewer reads, a member also writes, an admin also purges, manages members and API keys, and reads the audit log.',
});
export const apiKeyStatus = z.enum(['active', 'revoked', 'expired']).meta({
  id: 'ApiKeyStatus',
  description: 'Whether an API key is accepted, or why not.',
});
export const resourceType = z
  .enum(AUDIT_LOG_RESOURCE_TYPE)
  .meta({ id: 'ResourceType', description: 'What kind of resource was changed.' });
export const auditAction = z.enum(AUDIT_LOG_ACTION).meta({ id: 'AuditAction', description: 'What was done to it.' });
export const activityType = z
  .enum(['change', 'comment'])
  .meta({ id: 'ActivityType', description: 'Whether it is a change of a resource or a comment.' });
export const trashedType = z
  .enum(['project', 'task'])
  .meta({ id: 'TrashedType', description: 'Which kind of resource is in the trash.' });
export const changeType = z
  .enum(['project', 'task', 'tag', 'member', 'comment'])
  .meta({ id: 'ChangeType', description: 'What kind of resource the change is of.' });
export const changeAction = z.enum(['upsert', 'delete']).meta({
  id: 'ChangeAction',
  description:
    '`upsert`: it is there, new or changed. `delete`: it is not, because it or what it belongs to was put into the trash or deleted.',
});
export const priority = z
  .int()
  .min(0)
  .max(4)
  .meta({ description: 'From 0, none, to 4, the highest.', examples: [2] });
/** Within a range in which there is always room for a whole number after the last one (a double has 53 bits). */
export const position = z
  .number()
  .min(-1e15)
  .max(1e15)
  .meta({
    description:
      'Where it stands in the order of its project; any number between those of two tasks lies between them.',
    examples: [1.5],
  });

export const color = z
  .string()
  .refine((text) => /^#[0-9a-f]{6}$/i.test(text), fault('invalid_format', 'must be a colour written #RRGGBB'))
  .meta({ pattern: '^#[0-9A-Fa-f]{6}$', description: 'A colour, written `#RRGGBB`.', examples: ['#1E90FF'] });

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
