/**
 * Neon's SQL over HTTP: what requests and responses look like, read off `proxy/src/serverless/` of neondatabase/neon
 * (`sql_over_http.rs`, `http_util.rs` and `json.rs`); bodies are in payload.ts. Nothing here sends or receives.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { DatabaseError, types } from 'pg';

/** An error that is not the database's: an HTTP status and a message. */
export class EndpointError extends Error {
  readonly status: number;
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Where a request logs in, and with what. */
export interface Credentials {
  user: string;
  password: string;
  database: string;
  /** Of the PostgreSQL that is meant: a name, which is not looked up. */
  host: string;
}

/**
 * Reads the headers `Neon-Connection-String` and `Authorization`. Of the connection string only user, password, host and
 * database count.
 * @throws EndpointError 400
 */
export function parseCredentials(headers: IncomingHttpHeaders): Credentials {
  const header = headers['neon-connection-string'];
  if (typeof header !== 'string') throw new EndpointError(400, 'invalid header: neon-connection-string');
  if (!URL.canParse(header)) throw new EndpointError(400, 'invalid connection string: not a URL');
  const url = new URL(header);
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw new EndpointError(400, 'incorrect scheme');
  }
  const database = decode(url.pathname.split('/')[1] ?? '');
  if (!database) throw new EndpointError(400, 'missing database name');
  const user = decode(url.username);
  if (!user) throw new EndpointError(400, 'missing username');
  // The header is for JSON Web Tokens, which this kind of endpoint does not take.
  if (headers.authorization !== undefined || !url.password) {
    throw new EndpointError(400, 'missing authentication credentials: required password');
  }
  if (!url.hostname || url.hostname.startsWith('[') || isIP(url.hostname)) {
    throw new EndpointError(400, 'missing hostname');
  }
  return { user, password: decode(url.password), database, host: url.hostname };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new EndpointError(400, 'invalid connection string: not percent-encoded UTF-8');
  }
}

/** What the other headers ask for. */
export interface Mode {
  /** Values as the text that PostgreSQL sent, instead of native JSON. */
  rawText: boolean;
  /** Rows as arrays, unless a statement says otherwise. */
  arrays: boolean;
  isolationLevel: string | undefined;
  readOnly: boolean;
  deferrable: boolean;
}

const ISOLATION_LEVELS: Record<string, string> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
};

/** Reads the other headers. @throws EndpointError 400 for an unknown isolation level */
export function parseMode(headers: IncomingHttpHeaders): Mode {
  const isolationLevel = headers['neon-batch-isolation-level'];
  if (isolationLevel !== undefined && !Object.hasOwn(ISOLATION_LEVELS, String(isolationLevel))) {
    throw new EndpointError(400, 'invalid isolation level');
  }
  return {
    rawText: headers['neon-raw-text-output'] === 'true',
    arrays: headers['neon-array-mode'] === 'true',
    isolationLevel: isolationLevel === undefined ? undefined : String(isolationLevel),
    readOnly: headers['neon-batch-read-only'] === 'true',
    deferrable: headers['neon-batch-deferrable'] === 'true',
  };
}

/** The statement that begins a batch. */
export function startTransaction({ isolationLevel, readOnly, deferrable }: Mode): string {
  const modes = [];
  if (isolationLevel) modes.push(`ISOLATION LEVEL ${ISOLATION_LEVELS[isolationLevel]}`);
  if (readOnly) modes.push('READ ONLY');
  if (deferrable) modes.push('DEFERRABLE');
  return `START TRANSACTION ${modes.join(', ')}`;
}

/** The headers of a batch's response, which say how it ran. */
export function batchHeaders({ isolationLevel, readOnly, deferrable }: Mode): Record<string, string> {
  return {
    ...(isolationLevel && { 'neon-batch-isolation-level': isolationLevel }),
    ...(readOnly && { 'neon-batch-read-only': 'true' }),
    ...(deferrable && { 'neon-batch-deferrable': 'true' }),
  };
}

const { BOOL, INT2, INT4, FLOAT4, FLOAT8, JSON: JSON_TYPE, JSONB } = types.builtins;

/**
 * The JSON text of a value that PostgreSQL sent as text, for requests that do not want that text itself.
 * `elementTypes` has the type of the elements for each type that is an array.
 */
export function valueToJson(text: string, type: number, elementTypes: ReadonlyMap<number, number>): string {
  const element = elementTypes.get(type);
  if (element !== undefined) return arrayToJson(text, element);
  switch (type) {
    case BOOL:
      return text === 't' ? 'true' : 'false';
    case FLOAT4:
    case FLOAT8:
      return Number.isFinite(Number(text)) ? text : JSON.stringify(text);
    case INT2:
    case INT4:
    case JSON_TYPE:
    case JSONB:
      return text;
    default:
      return JSON.stringify(text);
  }
}

/** PostgreSQL manual, "Array Input and Output Syntax": bounds, braces, commas, quoted elements, and bare ones. */
function arrayToJson(text: string, element: number): string {
  const noArrays = new Map<number, number>();
  const elements = text.replace(/^\[[^=]*=/, '');
  return elements.replace(/[{}]|"((?:[^"\\]|\\.)*)"|[^{},"]+/gs, (token, quoted?: string) => {
    if (token === '{') return '[';
    if (token === '}') return ']';
    if (quoted !== undefined) return valueToJson(quoted.replace(/\\(.)/gs, '$1'), element, noArrays);
    return token === 'NULL' ? 'null' : valueToJson(token, element, noArrays);
  });
}

/** Members of an error's body that come from the database, besides `message`, `code` and `severity`. */
const ERROR_FIELDS = [
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'table',
  'column',
  'schema',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const;

/** The body of an error's response; `cause` may be the error of a database that let nobody in. */
export function errorBody(error: Error): string {
  const database = [error, error.cause].find((one) => one instanceof DatabaseError);
  return JSON.stringify({
    message: error.message,
    code: database?.code ?? '',
    severity: database?.severity ?? '',
    ...Object.fromEntries(ERROR_FIELDS.map((name) => [name, database?.[name] ?? null])),
  });
}
