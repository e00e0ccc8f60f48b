import * as z from 'zod';
import { type MemberError, Problem, validationFailed } from '../../problem.ts';
import { memberErrors, parseForErrors } from '../request/member-errors.ts';
import { jsonPointer, MAX_ERRORS, valueErrors } from '../request/strict-json.ts';
import type { ToolDescription } from './protocol.ts';
import { DRY_RUN, IF_VERSION, MAX_RESULT_BYTES, pathArguments, type Tool } from './tool.ts';

/** What a tool takes, in JSON Schema: `inputSchema` of its description. */
export type InputSchema = ToolDescription['inputSchema'];

/** A request to an endpoint, without what says who sends it. */
export interface ToolRequest {
  /** With the query string. */
  path: string;
  method: string;
  headers: Record<string, string>;
  body?: string;
}

/**
 * The request that a call of a tool stands for. Each argument goes where the endpoint takes it: into the path, into
 * a header, and otherwise into the body or, where the endpoint has none, the query. What it may be there is for the
 * endpoint to say.
 * @throws Problem `validation_failed` for what would not arrive at the endpoint as it was sent
 */
export function toolRequest(
  { endpoint: { definition }, canBeTried }: Tool,
  inputSchema: InputSchema,
  given: Record<string, unknown>,
): ToolRequest {
  const { method, body, ifMatch } = definition;
  const errors = valueErrors(given);
  if (errors.length > 0) throw validationFailed(errors);
  const rest = new Map(Object.entries(given));
  const filled = fillPath(definition, rest);
  const headers: Record<string, string> = {};
  if (ifMatch && rest.has(IF_VERSION)) headers['If-Match'] = entityTagOf(take(rest, IF_VERSION));
  if (canBeTried && rest.has(DRY_RUN) && isTrue(take(rest, DRY_RUN))) headers['Onetrip-Dry-Run'] = 'true';
  const request = { method: method.toUpperCase(), headers };
  if (!body) return { ...request, path: withQuery(filled, rest, inputSchema) };
  headers['Content-Type'] = 'application/json';
  return { ...request, path: filled, body: JSON.stringify(Object.fromEntries(rest)) };
}

function take(rest: Map<string, unknown>, name: string): unknown {
  const value = rest.get(name);
  rest.delete(name);
  return value;
}

/** The path with the ids among the arguments, which are taken out of them. */
function fillPath({ path, params }: Tool['endpoint']['definition'], rest: Map<string, unknown>): string {
  const names = pathArguments(path);
  const ids = Object.fromEntries(Object.entries(names).map(([parameter, name]) => [parameter, take(rest, name)]));
  const parsed = params && parseForErrors(params, ids);
  if (parsed && !parsed.success) {
    // `{id}` of the endpoint is the argument `task_id` here.
    const errors = memberErrors(parsed.error, 'path').map(({ pointer, ...error }) => {
      return { pointer: `/${names[pointer.slice(1, -1)]}`, ...error };
    });
    throw validationFailed(errors);
  }
  return path.replaceAll(/:(\w+)/g, (_, parameter: string) => encodeURIComponent(String(ids[parameter])));
}

/** Only the version of an entity tag counts in `If-Match`. */
function entityTagOf(version: unknown): string {
  if (Number.isInteger(version) && (version as number) > 0) return `"${version}.0"`;
  throw validationFailed([{ pointer: `/${IF_VERSION}`, code: 'wrong_type', message: 'must be a version, from 1' }]);
}

function isTrue(dryRun: unknown): boolean {
  if (typeof dryRun === 'boolean') return dryRun;
  throw validationFailed([{ pointer: `/${DRY_RUN}`, code: 'wrong_type', message: 'must be true or false' }]);
}

/**
 * A query has nothing but texts: numbers and truth values become theirs, and a list repeats its parameter. The endpoint could
 * not tell them from texts, so their types are checked here.
 */
function withQuery(path: string, rest: Map<string, unknown>, { properties = {} }: InputSchema): string {
  const query = new URLSearchParams();
  const errors: MemberError[] = [];
  for (const [name, value] of rest) {
    errors.push(...typeErrors(name, value, Object.hasOwn(properties, name) ? properties[name] : undefined));
    for (const one of [value].flat()) query.append(name, String(one));
  }
  if (errors.length > 0) throw validationFailed(errors.slice(0, MAX_ERRORS));
  return query.size > 0 ? `${path}?${query}` : path;
}

/** The types that arguments in queries can be of, in JSON Schema. */
interface TypeSchema {
  type: 'string' | 'integer' | 'boolean' | 'array';
  items?: TypeSchema;
}

const TYPES = { string: z.string(), integer: z.int(), boolean: z.boolean() };

/** @param schema of the argument, where the tool has one of this name */
function typeErrors(name: string, value: unknown, schema: unknown): MemberError[] {
  const pointer = jsonPointer([name]);
  if (!schema) return [{ pointer, code: 'unknown_member', message: 'is not an argument of this tool' }];
  const { error } = parseForErrors(typeOf(schema as TypeSchema), value);
  return error ? memberErrors(error, 'body').map((one) => ({ ...one, pointer: pointer + one.pointer })) : [];
}

function typeOf({ type, items }: TypeSchema): z.ZodType {
  return type === 'array' ? z.array(typeOf(items as TypeSchema)) : TYPES[type];
}

/**
 * @param bytes how long what has been read is. What was written is known to the caller, and within the limit.
 * @throws Problem `unprocessable` where it is more than a tool may say
 */
export function checkResult({ endpoint: { definition } }: Tool, bytes: number): void {
  if (definition.method !== 'get' || bytes <= MAX_RESULT_BYTES) return;
  const lower = Object.keys(definition.query?.shape ?? {}).filter((name) => /^(limit|task_limit|fields)$/.test(name));
  const how = lower.length > 0 ? `: ask for less with ${lower.join(' or ')}` : '';
  throw new Problem('unprocessable', `The result would be longer than ${MAX_RESULT_BYTES} bytes${how}.`);
}
