import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { DatabaseError } from '../../db/client/errors.ts';
import type { Statements } from '../../db/client/write.ts';
import { type MemberError, Problem, validationFailed } from '../../problem.ts';
import type { Env } from '../env.ts';
import { refuseMembers } from '../request/body.ts';
import { replaceNames } from '../request/operation-names.ts';
import { jsonPointer, MAX_ERRORS } from '../request/strict-json.ts';
import { problemOf } from '../response/problem-of.ts';
import { conditionalRequest } from './conditional-request.ts';
import type { Definition, GuardedEndpoint } from './definition.ts';
import { routePattern } from './not-found.ts';
import { inputs } from './serve.ts';

/* Operations of several endpoints in one batch (docs/api-conventions.md, "Batches"). */

/** An endpoint whose requests can be operations. Who may send operations may send each of them. */
export type OperationEndpoint = GuardedEndpoint<Definition & { access: 'member' }>;

/** What a caller sends as an operation. */
export interface Operation {
  id?: string | undefined;
  method: string;
  path: string;
  body?: Record<string, unknown> | undefined;
  if_match?: string | undefined;
}

/** The request that operations come with. */
type Request = Pick<Context<Env>, 'env' | 'var'>;

/** An operation on its way to its endpoint. */
interface Dispatched {
  operation: Operation;
  request: Request;
  /** Ids of what operations before it make, by their names. */
  ids: ReadonlyMap<string, string>;
  add: (statements: Statements) => void;
}

/** `ids` and the rest travel where Hono hands on what is of one request, beside the bindings. */
type OperationEnv = Env & { Bindings: { dispatched: Dispatched } };

/**
 * Makes a function that has each operation validated and turned into statements by its endpoint. What it throws is the problem
 * of the first one that cannot be.
 */
export function operationsOf(
  endpoints: readonly OperationEndpoint[],
): (request: Request, operations: Operation[]) => Promise<Statements> {
  const app = new Hono<OperationEnv>({ strict: false });
  app.onError((error) => {
    throw error;
  });
  app.notFound((c) => {
    throw notTaken(endpoints, c.req.path);
  });
  for (const { definition, answer } of endpoints) {
    const route = [enter(definition), ...inputs(definition, [presentedBody(definition)])];
    app.on(
      definition.method.toUpperCase(),
      [definition.path],
      conditionalRequest(definition),
      ...(route as MiddlewareHandler<Env>[]),
      (c) => answer(c as Context<Env>),
    );
  }
  return async (request, operations) => {
    const ids = new Map<string, string>();
    const statements: Statements = [];
    for (const [index, operation] of operations.entries()) {
      const { id, method, path, if_match } = operation;
      const dispatched: Dispatched = { operation, request, ids, add: (own) => statements.push(...own) };
      // Without a media type the validator takes no body for JSON.
      const headers = {
        'Content-Type': 'application/json',
        ...(if_match === undefined ? {} : { 'If-Match': if_match }),
      };
      const location = await locationOf(app, `http://operation.invalid${path}`, { method, headers }, dispatched).catch(
        (error: Error) => {
          throw error instanceof Problem ? problemOfOperation(error, index) : error;
        },
      );
      const made = location?.split('/').at(-1);
      if (id !== undefined && made !== undefined) ids.set(id, made);
    }
    return statements;
  };
}

/**
 * What to throw where the database has refused operations: the problem of the one that it was.
 * @param error what was thrown
 */
export function operationError(error: unknown, operations: Operation[]): unknown {
  if (!(error instanceof DatabaseError) || error.failure.kind !== 'rejected') return error;
  const { operation } = error.failure;
  // The one after the last is none: it is the answer to all of them.
  if (operation === undefined || operation >= operations.length) return error;
  return problemOfOperation(problemOf(error), operation);
}

/**
 * What to throw where the form of operations is wrong, before any is carried out: with the number of the first of them, unless
 * something else of the request is wrong, too.
 * @param error what was thrown
 */
export function namesOperation(error: Error): Error {
  if (!(error instanceof Problem) || error.options.members?.operation !== undefined) return error;
  const numbers = (error.options.errors ?? []).map(({ pointer }) => /^\/operations\/(\d+)(?![^/])/.exec(pointer)?.[1]);
  if (numbers.length === 0 || numbers.includes(undefined)) return error;
  const { code, message, options } = error;
  return new Problem(code, message, {
    ...options,
    members: { ...options.members, operation: Math.min(...numbers.map(Number)) },
  });
}

async function locationOf(
  app: Hono<OperationEnv>,
  url: string,
  init: RequestInit,
  dispatched: Dispatched,
): Promise<string | null> {
  const response = await app.fetch(new globalThis.Request(url, init), { ...dispatched.request.env, dispatched });
  return response.headers.get('Location');
}

/** Gives an operation what the request has that it came with, and ids in place of the names in its path. */
function enter({ params, ifMatch }: Definition): MiddlewareHandler<OperationEnv> {
  return async (c, next) => {
    const { operation, request, ids, add } = c.env.dispatched;
    if (operation.if_match !== undefined && !ifMatch) throw notTakenMember('if_match');
    const { requestId, trace, tenantId, db } = request.var;
    for (const [name, value] of Object.entries({ requestId, trace, tenantId, db })) c.set(name as 'db', value as never);
    c.set('write', { ...c.var.write, operation: { name: operation.id ?? null, add } });
    const values = { ...c.req.param() };
    if (params) refuseUnknown(replaceNames(params, values, ids), () => '/path');
    c.req.param = (() => values) as never;
    await next();
  };
}

/** The body of an operation, with ids in place of names. It has been parsed strictly, as a part of the request. */
function presentedBody({ body: schema }: Definition): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { operation, ids } = (c as unknown as Context<OperationEnv>).env.dispatched;
    const { body } = operation;
    if (schema) {
      if (body === undefined) throw inOperation([{ pointer: '/body', code: 'required', message: 'is required' }]);
      refuseUnknown(replaceNames(schema, body, ids), (path) => `/body${jsonPointer(path)}`);
      c.req.json = async () => body as never;
    } else refuseMembers(body ?? {});
    await next();
  };
}

function refuseUnknown(unknown: ReturnType<typeof replaceNames>, pointer: (path: PropertyKey[]) => string): void {
  if (unknown.length === 0) return;
  throw inOperation(
    unknown.slice(0, MAX_ERRORS).map(({ path, name }) => ({
      pointer: pointer(path),
      code: 'unknown_name',
      message: `{${name}} names no earlier operation that makes something`,
    })),
  );
}

function notTaken(endpoints: readonly OperationEndpoint[], path: string): Problem {
  const methods = endpoints
    .map(({ definition }) => definition)
    .filter((definition) => routePattern(definition.path).test(path))
    .map(({ method }) => method.toUpperCase());
  return inOperation([
    methods.length === 0
      ? { pointer: '/path', code: 'not_possible', message: 'is nothing that can be done in a batch' }
      : { pointer: '/method', code: 'not_possible', message: `must be ${methods.join(' or ')} with this path` },
  ]);
}

function notTakenMember(name: string): Problem {
  return inOperation([{ pointer: `/${name}`, code: 'unknown_member', message: 'is not taken by this operation' }]);
}

/** A problem whose pointers are into the operation, and not into its body. */
class OperationProblem extends Problem {}

function inOperation(errors: MemberError[]): Problem {
  const { message } = validationFailed(errors);
  return new OperationProblem('validation_failed', message, { errors });
}

/** The problem of one operation as that of the whole request: with its number, and pointers into the request. */
function problemOfOperation(problem: Problem, operation: number): Problem {
  const { code, message, options } = problem;
  const place = ({ pointer, ...error }: MemberError): MemberError => {
    const at = `/operations/${operation}`;
    if (problem instanceof OperationProblem) return { pointer: at + pointer, ...error };
    if (pointer === '' || pointer.startsWith('/')) return { pointer: `${at}/body${pointer}`, ...error };
    // A parameter of the query or the path.
    return { pointer: `${at}/path`, ...error, message: `${pointer} ${error.message}` };
  };
  const errors = options.errors?.map(place);
  const [first] = options.errors ?? [];
  const begins = first && message.startsWith(`${first.pointer}: `);
  const [placed] = errors ?? [];
  const rest = begins ? message.slice(`${first.pointer}: ${first.message}`.length) : '';
  return new Problem(code, begins && placed ? `${placed.pointer}: ${placed.message}${rest}` : message, {
    ...options,
    ...(errors ? { errors } : {}),
    members: { ...options.members, operation },
  });
}
