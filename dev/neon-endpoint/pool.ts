/** Connections to PostgreSQL, kept from one request to the next as the proxy keeps them (`conn_pool_lib.rs`). */
import { Client } from 'pg';
import type { Credentials } from './protocol.ts';

/** Idle connections of all users and databases together: `--sql-over-http-pool-max-conns-per-endpoint`. */
const MAX_IDLE = 20;
/** How long one is kept (ms): `--sql-over-http-idle-timeout`. */
const IDLE_TIMEOUT = 5 * 60_000;

/** Where a PostgreSQL listens, and whether by TLS, as `pg` takes it. */
export interface PostgresAddress {
  host: string;
  port: number;
  ssl?: boolean | object;
}

interface Idle {
  client: Client;
  key: string;
  timer: NodeJS.Timeout;
}

/**
 * Keeps the connections that nobody uses. How many are in use has no bound, and nobody waits for one: where none is idle,
 * another one is opened, and what comes back when the pool is full is closed.
 */
export class ConnectionPool {
  readonly #postgres: PostgresAddress;
  /** The last one is lent first. */
  readonly #idle: Idle[] = [];
  readonly #keys = new WeakMap<Client, string>();
  /** Of each connection that is open, a promise that it is not any more. */
  readonly #ends = new Set<Promise<void>>();

  constructor(postgres: PostgresAddress) {
    this.#postgres = postgres;
  }

  /** An idle connection, if there is one. The password counts too: where one is lent, nobody checks it. */
  take(credentials: Credentials): Client | undefined {
    const key = keyOf(credentials);
    return this.#remove(this.#idle.findLast((one) => one.key === key)?.client);
  }

  /** Opens a connection. @throws DatabaseError if PostgreSQL lets nobody in; other errors if it cannot be reached */
  async open(credentials: Credentials): Promise<Client> {
    const client = new Client({
      ...credentials,
      host: this.#postgres.host,
      port: this.#postgres.port,
      ssl: this.#postgres.ssl ?? false,
      // So that a COMMIT and the reset after it can be sent together.
      pipeline: true,
      // Values stay the text that PostgreSQL sent.
      types: { getTypeParser: () => (value: string) => value },
    });
    this.#keys.set(client, keyOf(credentials));
    // Without a listener, a PostgreSQL that restarts would end this process.
    client.on('error', () => {});
    const ended = new Promise<void>((resolve) => client.on('end', resolve));
    this.#ends.add(ended);
    void ended.then(() => {
      this.#ends.delete(ended);
      this.#remove(client);
    });
    try {
      await client.connect();
      return client;
    } catch (error) {
      void client.end();
      throw error;
    }
  }

  /** Takes a connection back. */
  put(client: Client): void {
    const key = this.#keys.get(client);
    const isClosed = client.connection.stream.destroyed;
    if (key === undefined || isClosed || this.#idle.length >= MAX_IDLE) {
      this.discard(client);
      return;
    }
    const timer = setTimeout(() => this.discard(client), IDLE_TIMEOUT).unref();
    this.#idle.push({ client, key, timer });
  }

  /** Closes a connection as soon as everything that was sent has been answered. */
  discard(client: Client): void {
    this.#remove(client);
    void client.end();
  }

  /** Closes all idle connections, and waits until every other one has ended. */
  async close(): Promise<void> {
    for (const { client } of [...this.#idle]) this.discard(client);
    await Promise.all(this.#ends);
  }

  #remove(client: Client | undefined): Client | undefined {
    const at = this.#idle.findIndex((one) => one.client === client);
    if (at < 0) return undefined;
    clearTimeout(this.#idle[at]?.timer);
    this.#idle.splice(at, 1);
    return client;
  }
}

function keyOf({ user, password, database }: Credentials): string {
  return JSON.stringify([user, password, database]);
}
