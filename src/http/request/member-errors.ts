import * as z from 'zod';
import type { MemberError } from '../../problem.ts';
import { abbreviate, jsonPointer, MAX_ERRORS } from './strict-json.ts';

/* Makes the errors that callers read (docs/api-conventions.md, "Error entries") of zod's issues. */

const REQUIRED = 'is required';

/**
 * Parses a value for {@link memberErrors}. zod leaves the value out of its issues, so that a missing member and one of a
 * wrong type look alike afterwards; while it parses, the value is still known. An `undefined` can only be a missing
 * member, because neither JSON nor a query string can hold one.
 */
export function parseForErrors(schema: z.core.$ZodType, value: unknown) {
  return z.safeParse(schema, value, {
    error: (issue) => (issue.input === undefined ? REQUIRED : undefined),
  });
}

/**
 * The members that a failed parse found at fault, at most 20, each with a code and a phrase that follows its name.
 * Pointers: into a body a JSON pointer (RFC 6901), for a query `?name`, for a path `{name}`.
 */
export function memberErrors(error: z.core.$ZodError, kind: 'body' | 'query' | 'path'): MemberError[] {
  const found = new Map<string, MemberError>();
  for (const { path, code, message } of error.issues.flatMap((issue) => readIssue(issue, kind))) {
    const name = abbreviate(String(path[0] ?? ''));
    const pointer = kind === 'body' ? jsonPointer(path) : kind === 'query' ? `?${name}` : `{${name}}`;
    const key = `${pointer} ${code}`;
    if (!found.has(key)) found.set(key, { pointer, code, message });
    if (found.size === MAX_ERRORS) break;
  }
  return [...found.values()];
}

interface Fault {
  path: PropertyKey[];
  code: string;
  message: string;
}

const NOT_VALID = 'is not valid here';

const TYPES: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const FORMATS: Record<string, string> = {
  guid: 'must be a UUID, 8-4-4-4-12 hexadecimal digits',
};

function readIssue(issue: z.core.$ZodIssue, kind: string): Fault[] {
  const { path } = issue;
  const one = (code: string, message: string) => [{ path, code, message }];
  if (issue.message === REQUIRED) return one('required', REQUIRED);

  switch (issue.code) {
    case 'invalid_type':
      return one('wrong_type', `must be ${TYPES[issue.expected] ?? 'of another type'}`);
    case 'unrecognized_keys': {
      const message = kind === 'body' ? 'is not a member that can be sent here' : 'is not a parameter of this endpoint';
      return issue.keys.map((key) => ({ path: [...path, key], code: 'unknown_member', message }));
    }
    case 'too_big': {
      const limit = `at most ${issue.maximum}`;
      if (issue.origin === 'string') return one('too_long', `must be ${limit} characters`);
      if (issue.origin === 'array') return one('too_long', `must have ${limit} entries`);
      return one('too_big', issue.inclusive ? `must be ${limit}` : `must be less than ${issue.maximum}`);
    }
    case 'too_small': {
      const limit = `at least ${issue.minimum}`;
      if (issue.origin === 'string') return one('too_short', `must be ${limit} characters`);
      if (issue.origin === 'array') return one('too_short', `must have ${limit} entries`);
      return one('too_small', issue.inclusive ? `must be ${limit}` : `must be more than ${issue.minimum}`);
    }
    case 'invalid_value':
      return one('invalid_value', `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`);
    case 'invalid_format':
      return one('invalid_format', FORMATS[issue.format] ?? NOT_VALID);
    case 'not_multiple_of':
      return one('invalid_value', `must be a multiple of ${issue.divisor}`);
    case 'invalid_union':
      return readUnion(issue, kind);
    case 'custom':
      return one(issue.params?.code ?? 'invalid_value', issue.message === 'Invalid input' ? NOT_VALID : issue.message);
    default:
      return one('invalid_value', NOT_VALID);
  }
}

/** One fault for a union: what the branch of the right JSON type says, or else what all branches want. */
function readUnion(issue: z.core.$ZodIssueInvalidUnion, kind: string): Fault[] {
  const atRoot = (inner: z.core.$ZodIssue) => inner.path.length === 0;
  const meant = issue.errors.filter(
    (branch) => !branch.some((inner) => inner.code === 'invalid_type' && atRoot(inner)),
  );
  const [only] = meant;
  if (only && meant.length === 1) {
    const faults = only.flatMap((inner) => readIssue(inner, kind));
    return faults.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  const branches = meant.length > 0 ? meant : issue.errors;
  const messages = branches
    .flat()
    .filter(atRoot)
    .flatMap((inner) => readIssue(inner, kind).map(({ message }) => message));
  return [
    {
      path: issue.path,
      code: meant.length > 0 ? 'invalid_value' : 'wrong_type',
      message: [...new Set(messages)].join(', or ') || NOT_VALID,
    },
  ];
}
