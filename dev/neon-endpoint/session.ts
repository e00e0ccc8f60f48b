/** What the Neon endpoint does with PostgreSQL: how it runs statements, cancels them, and gives connections back. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, type FieldDef, type Pool, type PoolClient, Query, type ResultBuilder } from 'pg';
import { EndpointError, type Mode, type Statement, valueToJson } from './protocol.ts';

/** Where PostgreSQL listens. */
interface Address {
  host: string;
  port: number;
}

/** JSON text as it grows. */
export class JsonText {
  /** In UTF-8. */
  bytes = 0;
  readonly #parts: string[] = [];

  push(text: string): void {
    this.bytes += Buffer.byteLength(text);
    this.#parts.push(text);
  }

  toString(): string {
    return this.#parts.join('');
  }
}

/** What the statements of one request share. */
export interface Session {
  client: PoolClient;
  mode: Mode;
  /** Of each array type the type of its elements; empty where values stay text. */
  elementTypes: ReadonlyMap<number, number>;
  output: JsonText;
  /** How long the output may get, in bytes. */
  maxBytes: number;
  /** Ends the statement that is running; the connection is not used again. */
  cancel(): void;
}

/** The proxy's `reset_session_background()`: nothing passes from one request to the next, except query plans. */
const RESET = `
  ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *;
  SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES`;

/** How often the server is asked to cancel a statement that goes on, each time with a pause (ms). */
const CANCEL_ATTEMPTS = 20;
const CANCEL_PAUSE = 100;

/** The most parameters of a statement: the proxy counts them in a signed 16-bit number. */
const MAX_PARAMS = 32_767;

/**
 * Lends a connection to `use`, cancels what runs on it when `signal` aborts, and resets it before anybody else,
 * the client of this request included, can send another statement.
 * @throws DatabaseError if the credentials or the database are wrong; EndpointError 500 if there is no connection for
 *   another reason; what `use` throws
 */
export async function withConnection<T>(
  pool: Pool,
  address: Address,
  signal: AbortSignal,
  use: (client: PoolClient, cancel: () => void) => Promise<T>,
): Promise<T> {
  const client = await logIn(pool);
  let cancelled = false;
  const cancel = () => {
    if (!cancelled) void cancelUntilOver(address, client, work);
    cancelled = true;
  };
  signal.addEventListener('abort', cancel);
  const work = signal.aborted ? Promise.reject(signal.reason) : use(client, cancel);
  try {
    return await work;
  } finally {
    signal.removeEventListener('abort', cancel);
    // A late request to cancel would hit whatever comes next on this connection.
    client.release(cancelled || !(await reset(client)));
  }
}

/** Whether the connection can be used again. */
async function reset(client: PoolClient): Promise<boolean> {
  try {
    await client.query(RESET);
    return true;
  } catch {
    return false;
  }
}

async function logIn(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string };
    // Class 28 is "invalid authorization", 3D000 "no such database".
    if (error instanceof DatabaseError && (code.startsWith('28') || code === '3D000')) throw error;
    throw new EndpointError(500, `could not connect to PostgreSQL: ${message || code}`, { cause: error });
  }
}

/** Sends a statement of ours. */
export async function command(client: PoolClient, sql: string): Promise<void> {
  await client.query(sql).catch((error) => {
    throw toClientError(error);
  });
}

/** What a statement failed of, as the proxy tells it: 400 also if the connection broke. */
function toClientError(error: Error): Error {
  if (error instanceof DatabaseError) return error;
  return new EndpointError(400, `error communicating with the server: ${error.message}`, { cause: error });
}

/** Looks up all array types. `int2vector` and `oidvector` are such too, but their text looks different. */
export async function loadElementTypes(client: PoolClient): Promise<Map<number, number>> {
  const sql = `
    SELECT oid, typelem FROM pg_catalog.pg_type
    WHERE typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
      AND oid NOT IN ('pg_catalog.int2vector'::pg_catalog.regtype, 'pg_catalog.oidvector'::pg_catalog.regtype)`;
  const { rows } = await client.query<{ oid: string; typelem: string }>(sql).catch((error) => {
    throw toClientError(error);
  });
  return new Map(rows.map(({ oid, typelem }) => [Number(oid), Number(typelem)]));
}

/** A statement in the extended protocol, in which a string is one statement even if it has no parameters. */
class ExtendedQuery extends Query<(string | null)[]> {
  copies = false;

  constructor(text: string, values: (string | null)[]) {
    const config = { text, values, queryMode: 'extended', rowMode: 'array' };
    super(config);
  }

  handleCopyInResponse(connection: { sendCopyFail(message: string): void; sync(): void }): void {
    this.copies = true;
    connection.sendCopyFail('not supported');
    // The one already sent is ignored while COPY waits for data, and the connection would hang.
    connection.sync();
  }

  handleCopyData(): void {
    this.copies = true;
  }
}

/**
 * Runs a statement and writes its result to the output.
 * @throws DatabaseError; EndpointError 400 for what cannot be sent or is no result, such as COPY's data; 507 if the output is
 * longer than `maxBytes` before a row, so that one long row passes.
 */
export function statementToJson({ query: text, params, arrayMode }: Statement, session: Session): Promise<void> {
  const { client, mode, elementTypes, output, maxBytes } = session;
  if (text.includes('\0')) throw new EndpointError(400, 'error encoding message to server: embedded null');
  if (params.length > MAX_PARAMS) throw new EndpointError(400, 'error encoding message to server: value too large');
  const asArray = arrayMode ?? mode.arrays;

  return new Promise((resolve, reject) => {
    const query = new ExtendedQuery(text, params);
    let failure: Error | undefined;
    let names: string[] | undefined;

    const begin = (fields: FieldDef[]) => {
      names = fields.map(({ name }) => JSON.stringify(name));
      output.push(`{"fields":${JSON.stringify(fields)},"rows":[`);
      return names;
    };
    const writeRow = (row: (string | null)[], fields: FieldDef[]) => {
      const separator = names ? ',' : '';
      const keys = names ?? begin(fields);
      if (output.bytes > maxBytes) {
        session.cancel();
        throw new EndpointError(507, `response is too large (max is ${maxBytes} bytes)`);
      }
      const values = row.map((value, column) => {
        const type = fields[column]?.dataTypeID ?? 0;
        const asText = value === null || mode.rawText;
        const json = asText ? JSON.stringify(value) : valueToJson(value, type, elementTypes);
        return asArray ? json : `${keys[column]}:${json}`;
      });
      output.push(separator + (asArray ? `[${values.join(',')}]` : `{${values.join(',')}}`));
    };

    query.on('row', (row, result) => {
      try {
        if (!failure) writeRow(row, result?.fields ?? []);
      } catch (error) {
        failure = error as Error;
      }
    });
    query.on('error', (error) => reject(failure ?? (query.copies ? unexpected() : toClientError(error))));
    query.on('end', (result: ResultBuilder) => {
      if (query.copies) failure = unexpected();
      if (failure) return reject(failure);
      if (!names) begin(result.fields);
      const command = JSON.stringify(result.command ?? '');
      output.push(`],"command":${command},"rowCount":${result.rowCount},"rowAsArray":${asArray}}`);
      resolve();
    });
    client.query(query);
  });
}

function unexpected(): EndpointError {
  return new EndpointError(400, 'unexpected message from server');
}

/**
 * Cancels until `work` is over: a request that comes before its statement, or between two, is lost.
 * In the end the connection is closed.
 */
async function cancelUntilOver(address: Address, client: PoolClient, work: Promise<unknown>): Promise<void> {
  const over = work.then(
    () => true,
    () => true,
  );
  for (let attempt = 0; attempt < CANCEL_ATTEMPTS; attempt++) {
    await requestCancel(address, client);
    if (await Promise.race([over, sleep(CANCEL_PAUSE, false)])) return;
  }
  client.connection.stream.destroy();
}

/** PostgreSQL manual, "Canceling Requests in Progress": a connection of its own, which the server closes at once. */
async function requestCancel({ host, port }: Address, client: PoolClient): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const message = Buffer.alloc(16);
  [16, 80877102, processID, secretKey].forEach((word, index) => {
    message.writeInt32BE(word, 4 * index);
  });
  const socket = connect(port, host);
  socket.on('error', () => {});
  socket.setTimeout(1000, () => socket.destroy());
  socket.resume();
  socket.write(message);
  // Not `once()` of node:events, which rejects if the server is not there any more.
  await new Promise((resolve) => socket.once('close', resolve));
}
