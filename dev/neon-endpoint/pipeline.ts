/** Statements sent to PostgreSQL in one go (PostgreSQL manual, "Pipelining" in "Extended Query"). */
import { type Client, type Connection, DatabaseError, type FieldDef, Query } from 'pg';
import type { Statement } from './payload.ts';
import { EndpointError } from './protocol.ts';
import type { ResultWriter, Value } from './results.ts';

/** The most parameters of a statement: the proxy counts them in a signed 16-bit number. */
const MAX_PARAMS = 32_767;

/** What pg's connection can send, which is more than its types say. */
interface Wire {
  stream: { cork(): void; uncork(): void };
  parse(statement: { text: string }): void;
  bind(values: { values: Value[] }): void;
  describe(what: { type: 'P' }): void;
  execute(): void;
  sync(): void;
  sendCopyFail(message: string): void;
  on(event: 'copyOutResponse', listener: () => void): void;
  off(event: 'copyOutResponse', listener: () => void): void;
}

/** Statements whose results are written; before and after them may be one that has none to tell of. */
interface Batch {
  opening?: string;
  statements: Statement[];
  closing?: string;
}

/**
 * Runs statements and writes their results. There is one Sync, at the end: after an error PostgreSQL skips what is left.
 * `cancel` is called where the results are too long; what is running then has to end.
 * @throws DatabaseError; EndpointError 400 for what cannot be sent or is no result, such as COPY's data; 507
 */
export async function runPipeline(
  client: Client,
  batch: Batch,
  writer: ResultWriter,
  cancel: () => void,
): Promise<void> {
  for (const { query, params } of batch.statements) {
    if (query.includes('\0')) throw new EndpointError(400, 'error encoding message to server: embedded null');
    if (params.length > MAX_PARAMS) throw new EndpointError(400, 'error encoding message to server: value too large');
  }
  await new Promise<void>((resolve, reject) => {
    client.query(new Pipeline(batch, writer, { cancel, resolve, reject }));
  });
}

/** What a statement failed of, as the proxy tells it (`SqlOverHttpError::Postgres`): 400 also if the connection broke. */
export function toClientError(error: Error): Error {
  return error instanceof DatabaseError ? error : new EndpointError(400, 'connection closed', { cause: error });
}

interface Settle {
  cancel(): void;
  resolve(): void;
  reject(error: Error): void;
}

/** In pipeline mode pg takes queries of its own class only; of it, this is none but the name. */
class Pipeline extends Query {
  readonly #batch: Batch;
  readonly #writer: ResultWriter;
  readonly #settle: Settle;
  /** Which statement's messages are coming in; the opening one is -1. */
  #index: number;
  #described = false;
  #failure: Error | undefined;
  /** Stops listening for COPY's answer, of which pg tells a query nothing. */
  #stopListening = (): void => {};

  constructor(batch: Batch, writer: ResultWriter, settle: Settle) {
    super({ text: '' });
    this.#batch = batch;
    this.#writer = writer;
    this.#settle = settle;
    this.#index = batch.opening === undefined ? 0 : -1;
  }

  override submit = (connection: Connection): void => {
    const wire = connection as unknown as Wire;
    const { opening, statements, closing } = this.#batch;
    const copyOut = () => {
      this.#failure ??= unexpected();
    };
    wire.on('copyOutResponse', copyOut);
    this.#stopListening = () => wire.off('copyOutResponse', copyOut);
    wire.stream.cork();
    if (opening !== undefined) send(wire, opening, []);
    for (const { query, params } of statements) send(wire, query, params, () => wire.describe({ type: 'P' }));
    if (closing !== undefined) send(wire, closing, []);
    wire.sync();
    wire.stream.uncork();
  };

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.#begin(fields);
  }

  handleDataRow({ fields: values }: { fields: Value[] }): void {
    if (this.#failure) return;
    try {
      this.#writer.row(values);
    } catch (error) {
      this.#failure = error as Error;
      this.#settle.cancel();
    }
  }

  handleCommandComplete({ text: tag }: { text: string }): void {
    if (this.#index >= 0 && this.#index < this.#batch.statements.length) {
      if (!this.#described) this.#begin([]);
      this.#writer.end(tag);
    }
    this.#described = false;
    this.#index++;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleCopyInResponse(wire: Wire): void {
    this.#failure ??= unexpected();
    // The Sync that follows the last statement is ignored while COPY waits for data, and the connection would hang. If
    // another statement follows, PostgreSQL ends the connection by itself.
    wire.sendCopyFail('not supported');
    wire.sync();
  }

  /** That it comes has been seen before, when there may be none. */
  handleCopyData(): void {}

  handleError(error: Error): void {
    this.#stopListening();
    this.#settle.reject(this.#failure ?? toClientError(error));
  }

  handleReadyForQuery(): void {
    this.#stopListening();
    if (this.#failure) this.#settle.reject(this.#failure);
    else this.#settle.resolve();
  }

  #begin(fields: FieldDef[]): void {
    if (this.#index > 0) this.#writer.punctuate(',');
    this.#writer.begin(fields, this.#batch.statements[this.#index]?.arrayMode);
    this.#described = true;
  }
}

/** Unnamed, so that no plan is kept. */
function send(wire: Wire, text: string, values: Value[], describe?: () => void): void {
  wire.parse({ text });
  wire.bind({ values });
  describe?.();
  wire.execute();
}

function unexpected(): EndpointError {
  return new EndpointError(400, 'unexpected message from server');
}
