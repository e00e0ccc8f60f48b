/**
 * The body of a request to the Neon endpoint. The proxy reads it with serde_json (`Payload` and `QueryData` in
 * `proxy/src/serverless/sql_over_http.rs`), which is stricter than JSON.parse, and writes parameters as
 * `json_to_pg_text()` in `json.rs` does.
 */
import { EndpointError } from './protocol.ts';

export interface Statement {
  query: string;
  /** In PostgreSQL's text format. */
  params: (string | null)[];
  arrayMode: boolean | undefined;
}

type Payload = { single: Statement } | { batch: Statement[] };

/** The part of the language that TypeScript does not declare yet (JSON.parse source text access). */
const exactJson = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/** serde_json refuses what is nested this deep, its `remaining_depth` being 128 at the beginning. */
const TOO_DEEP = 128;
const SURROGATE = /\\u[dD][89a-fA-F]/;
/** Strings, with the colon after those that are names, and what opens and closes. Only of JSON that has been parsed. */
const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/** Reads a body. Members that are not known are ignored. @throws EndpointError 400 for everything that is no payload */
export function parsePayload(body: Uint8Array): Payload {
  let value: unknown;
  let repeats: Repeats;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    value = exactJson.parse(text, (_, member, { source }) =>
      typeof member === 'number' ? exactJson.rawJSON(numberToText(source)) : member,
    );
    repeats = scan(text);
  } catch (cause) {
    throw new EndpointError(400, `could not parse the HTTP request body: ${(cause as Error).message}`, { cause });
  }
  const single = repeats.single ? undefined : toStatement(value);
  if (single) return { single };
  const queries = (value as { queries?: unknown } | null)?.queries;
  const batch = Array.isArray(queries) && !repeats.batch ? queries.map(toStatement) : [undefined];
  if (batch.every((statement) => statement !== undefined)) return { batch };
  throw new EndpointError(
    400,
    'could not parse the HTTP request body: data did not match any variant of untagged enum Payload',
  );
}

/** Whether a member that counts stands twice in the body, read as a single statement or as a batch. */
interface Repeats {
  single: boolean;
  batch: boolean;
}

/** Looks at what JSON.parse lets pass. @throws Error for nesting that is too deep, and for unpaired surrogates */
function scan(text: string): Repeats {
  const repeats = { single: false, batch: false };
  const mayHaveSurrogates = SURROGATE.test(text);
  let depth = 0;
  let rootMember = '';
  let names = new Set<string>();
  const rootNames = new Set<string>();
  for (const [token, string, colon] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (++depth === TOO_DEEP) throw new Error('recursion limit exceeded');
      if (depth === 3) names = new Set();
    } else if (token === '}' || token === ']') {
      depth--;
    } else if (string) {
      if (mayHaveSurrogates && !(JSON.parse(string) as string).isWellFormed()) {
        throw new Error('lone surrogate in hex escape');
      }
      if (!colon || (depth !== 1 && depth !== 3)) continue;
      const name = JSON.parse(string) as string;
      const isStatement = ['query', 'params', 'arrayMode'].includes(name);
      if (depth === 3) {
        repeats.batch ||= rootMember === 'queries' && isStatement && names.has(name);
        names.add(name);
        continue;
      }
      rootMember = name;
      repeats.single ||= isStatement && rootNames.has(name);
      repeats.batch ||= name === 'queries' && rootNames.has(name);
      rootNames.add(name);
    }
  }
  return repeats;
}

/**
 * A number as serde_json has it without its feature `arbitrary_precision`: what fits an `i64` or a `u64` keeps its digits,
 * everything else is an `f64`, printed as the crate `ryu` does.
 */
function numberToText(source: string): string {
  if (/^-?\d+$/.test(source) && source !== '-0') {
    const integer = BigInt(source);
    if (integer >= -(2n ** 63n) && integer < 2n ** 64n) return source;
  }
  const number = Number(source);
  if (!Number.isFinite(number)) throw new Error('number out of range');
  if (number === 0) return Object.is(number, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponent = ''] = Math.abs(number).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  return (number < 0 ? '-' : '') + layOut(digits, Number(exponent) + 1);
}

/** `0.<digits>` times ten to the power of `point`, laid out as ryu's `pretty::format64()` does. */
function layOut(digits: string, point: number): string {
  if (digits.length <= point && point <= 16) return `${digits.padEnd(point, '0')}.0`;
  if (0 < point && point <= 16) return `${digits.slice(0, point)}.${digits.slice(point)}`;
  if (-5 < point && point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${digits[0]}${fraction}e${point - 1}`;
}

function toStatement(value: unknown): Statement | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { query, params = [], arrayMode } = value as Record<string, unknown>;
  if (typeof query !== 'string' || !Array.isArray(params)) return undefined;
  if (arrayMode !== undefined && arrayMode !== null && typeof arrayMode !== 'boolean') return undefined;
  return { query, params: params.map(paramToText), arrayMode: arrayMode ?? undefined };
}

function paramToText(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value;
  return Array.isArray(value) ? arrayToText(value) : JSON.stringify(value);
}

function arrayToText(values: unknown[]): string {
  const items = values.map((value) => {
    if (value === null) return 'NULL';
    if (Array.isArray(value)) return arrayToText(value);
    const json = JSON.stringify(value);
    // Quoted as JSON quotes, as the proxy does: so a line break in an array comes out as the letter n.
    return typeof value === 'object' && !exactJson.isRawJSON(value) ? JSON.stringify(json) : json;
  });
  return `{${items.join(',')}}`;
}
