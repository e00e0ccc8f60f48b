import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The last message of every answer, ReadyForQuery (PostgreSQL manual, §54.7), without its last byte. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);
/** With which src/db/client/drivers/pg.ts tries a connection that has rested: it belongs to no batch. */
const CHECK_QUERY = Buffer.from('Q\0\0\0\x0bselect\0');

/** A wire to PostgreSQL that counts round trips, and that can be long, cut or dead. */
export interface Wire {
  /** Where to connect. */
  readonly port: number;
  /** No SQL over HTTP is spoken here. */
  readonly url: '';
  /** How often a client has spoken after PostgreSQL had said all it had to say: log-ins do not count. */
  readonly requests: number;
  /** Connections that have been made. */
  readonly connections: number;
  /** How long bytes take, in each direction (ms). */
  latency: number;
  /** Nothing passes any more on the connections that are there, and nobody is told. */
  silence(): void;
  /** Breaks the connections that are there. */
  cut(): void;
  /** Cuts, and lets nobody connect. May be called again. */
  stop(): Promise<void>;
}

/** Stretches a wire on 127.0.0.1 to PostgreSQL at a port there. */
export async function startWire(postgresPort: number): Promise<Wire> {
  const pairs = new Set<{ client: Socket; server: Socket; dead: boolean }>();
  let requests = 0;
  let connections = 0;

  const listener = createServer((client) => {
    connections++;
    const server = connect(postgresPort, '127.0.0.1');
    const pair = { client, server, dead: false };
    pairs.add(pair);
    client.setNoDelay(true);
    server.setNoDelay(true);
    let loggedIn = false;
    let tail = Buffer.alloc(0);

    const pass = (chunk: Buffer, to: Socket) => {
      const write = () => {
        if (!pair.dead && to.writable) to.write(chunk);
      };
      if (wire.latency > 0) setTimeout(write, wire.latency);
      else write();
    };
    client.on('data', (chunk: Buffer) => {
      if (pair.dead) return;
      const heard = tail.length === 6 && tail.subarray(0, 5).equals(READY);
      if (heard && loggedIn && !chunk.equals(CHECK_QUERY) && chunk[0] !== 'X'.charCodeAt(0)) requests++;
      if (heard) tail = Buffer.alloc(0);
      pass(chunk, server);
    });
    server.on('data', (chunk: Buffer) => {
      if (pair.dead) return;
      tail = Buffer.concat([tail, chunk]).subarray(-6);
      loggedIn ||= tail.subarray(0, 5).equals(READY);
      pass(chunk, client);
    });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => {});
      from.on('close', () => {
        pairs.delete(pair);
        if (!pair.dead) to.destroy();
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const wire: Wire = {
    port,
    url: '',
    get requests() {
      return requests;
    },
    get connections() {
      return connections;
    },
    latency: 0,
    silence() {
      for (const pair of pairs) pair.dead = true;
    },
    cut() {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
    },
    async stop() {
      wire.cut();
      if (!listener.listening) return;
      listener.close();
      await once(listener, 'close');
    },
  };
  return wire;
}
