import { setTimeout as sleep } from 'node:timers/promises';
import type { Bindings } from '../../src/config/bindings.ts';
import { app } from '../../src/functions/index.ts';
import { type Reply, signToken } from '../support/api.ts';
import { expectDocumented } from '../support/openapi.ts';
import { seededRandom, shuffle } from '../support/random.ts';
import { type Client, prepare } from './support-clients.ts';
import { OPERATIONS } from './support-operations.ts';

/* A load of reads and writes, and a ledger of what its clients were told. */

/** What a client knows of a write: that it happened, that it did not, or nothing (503, 504). */
export type Outcome = 'done' | 'refused' | 'unknown';

/** A row that a client made, or tried to. Its name, title or body is a marker, which occurs once. */
export interface Creation {
  table: 'projects' | 'tasks' | 'comments' | 'members';
  marker: string;
  outcome: Outcome;
  /** Of a write that was done: what the client was told. */
  told?: { id: string; description: string | null };
}

/** A task whose title, or a comment whose body, is written again and again, each time a marker. */
export interface Register {
  table: 'tasks' | 'comments';
  id: string;
  writes: { marker: string; outcome: Outcome; version?: number }[];
}

/** What a task is associated with. It has one writer, which repeats a PUT or DELETE until it has an answer. */
export interface Associations {
  /** As the audit log calls them. */
  type: 'tagging' | 'assignee' | 'dependency';
  /** The task's. */
  id: string;
  /** Ids of its tags, assigned members or blockers. */
  others: Set<string>;
}

/** A task that went to the trash, or a comment that was deleted. */
export interface Removal {
  id: string;
  outcome: Outcome;
}

export interface Ledger {
  tenantId: string;
  creations: Creation[];
  registers: Register[];
  associations: Associations[];
  trashings: Removal[];
  deletions: (Removal & { marker: string })[];
}

interface Told {
  /** {@link performance.now} */
  start: number;
  end: number;
  status: number;
  code: string | undefined;
}

interface LoadOptions {
  clients?: number;
  /** Whether requests have idempotency keys. */
  keys?: boolean;
  /** Leaves out what the database cannot serve from the beginning: an operation that needs a later migration. */
  able?: boolean;
  /** How long each client rests between two operations (ms). */
  restMs?: number;
}

/** What a caller may not be told: words of the database, the driver or the network. */
const LEAK = /postgres|sqlstate|select |relation|constraint|ECONN|neon|fetch failed|<html/i;

/** What a client does before it tries again (ms). */
const PAUSE_MS = { least: 20, most: 100 };

/** How long a write that has to have an answer may be repeated (ms). */
const REPEAT = 30_000;

export class Load {
  readonly ledger: Ledger;
  readonly told: Told[] = [];
  /** How many answers were those of an earlier request with the same key. */
  replayed = 0;
  /** Answers that nobody may get, and failures to give one. */
  readonly violations: string[] = [];
  readonly #bindings: Bindings;
  readonly #token: string;
  readonly #clients: Promise<void>[] = [];
  #operations = OPERATIONS;
  /** What a client does between two operations (ms). */
  #restMs = 0;
  /** Whether idempotency keys are used. */
  readonly keys: boolean;
  /** Whether a client goes on until it has an answer, where it would. */
  patient = true;
  stopping = false;
  /** What its clients choose by. */
  readonly random = seededRandom('a load');

  private constructor(bindings: Bindings, tenantId: string, token: string, keys: boolean) {
    this.#bindings = bindings;
    this.#token = token;
    this.keys = keys;
    this.ledger = { tenantId, creations: [], registers: [], associations: [], trashings: [], deletions: [] };
  }

  /** Makes each client's rows, and lets them all go. */
  static async start(
    bindings: Bindings,
    tenantId: string,
    { clients = 10, keys = true, able = false, restMs = 0 }: LoadOptions = {},
  ): Promise<Load> {
    const token = await signToken({ tenant_id: tenantId, role: 'admin', sub: 'load' });
    const load = new Load(bindings, tenantId, token, keys);
    load.#restMs = restMs;
    const prepared = await prepare(load, clients);
    if (able) await load.#leaveOut(prepared[0] as Client);
    for (const client of prepared) load.#clients.push(load.#run(client));
    return load;
  }

  async #leaveOut(client: Client): Promise<void> {
    this.patient = false;
    const able: typeof OPERATIONS = [];
    for (const operation of OPERATIONS) {
      const before = this.failed;
      await operation(this, client);
      if (this.failed === before) able.push(operation);
    }
    this.#operations = able;
    this.told.length = 0;
    this.patient = true;
  }

  async #run(client: Client): Promise<void> {
    while (!this.stopping) {
      for (const operation of shuffle(this.#operations, this.random)) {
        if (this.stopping) return;
        if (this.#restMs > 0) await sleep(this.#restMs);
        await operation(this, client).catch((error) => this.violations.push(`${operation.name}: ${error.stack}`));
      }
    }
  }

  /**
   * Sends one request and notes what came of it. After a 503 or 504 the client waits a moment, as it was told to.
   * @param right the 4xx that are right here
   */
  async send(
    method: string,
    path: string,
    { body, headers = {}, right = [] }: { body?: unknown; headers?: Record<string, string>; right?: number[] } = {},
  ): Promise<Reply> {
    const start = performance.now();
    const response = await app.request(
      `http://onetrip.test${path}`,
      {
        method,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      this.#bindings,
    );
    const text = await response.text();
    const reply = {
      status: response.status,
      headers: response.headers,
      text,
      json: text ? JSON.parse(text) : undefined,
    };
    this.told.push({ start, end: performance.now(), status: reply.status, code: reply.json?.code });
    if (response.headers.get('Idempotency-Replayed')) this.replayed++;
    this.#judge(method, path, reply, right);
    if (reply.status >= 500) await sleep(PAUSE_MS.least + this.random() * (PAUSE_MS.most - PAUSE_MS.least));
    return reply;
  }

  /** {@link send} until there is an answer, or (`patient: false`) but once. A key that is in use is no answer yet. */
  async insist(method: string, path: string, options: Parameters<Load['send']>[2], patient = true): Promise<Reply> {
    const deadline = performance.now() + REPEAT;
    while (true) {
      const reply = await this.send(method, path, options);
      const answered = reply.status < 500 && reply.json?.code !== 'conflict';
      if (answered || !patient || !this.patient) return reply;
      if (performance.now() > deadline) throw new Error(`no answer to ${method} ${path}: ${reply.text}`);
    }
  }

  #judge(method: string, path: string, reply: Reply, right: number[]): void {
    const { status, headers, text, json } = reply;
    const where = `${method} ${path} → ${status} ${text.slice(0, 300)}`;
    const outage = status === 503 || status === 504;
    if (!(status < 400 || right.includes(status) || outage)) this.violations.push(where);
    if (status >= 400 && !headers.get('Content-Type')?.startsWith('application/problem+json')) {
      this.violations.push(`${where} is no problem document`);
    }
    if (outage && !/^[1-9]\d*$/.test(headers.get('Retry-After') ?? '')) {
      this.violations.push(`${where} lacks Retry-After`);
    }
    if (status >= 400 && LEAK.test(JSON.stringify(json))) this.violations.push(`${where} tells too much`);
    try {
      expectDocumented(method, path, reply);
    } catch (error) {
      this.violations.push((error as Error).message);
    }
  }

  /** How many requests begun from `since` on have had an answer that is none of 503 and 504. */
  answered(since = 0): number {
    return this.told.filter(({ start, status }) => start >= since && status < 500).length;
  }

  /** How many requests have been answered by 503 or 504. */
  get failed(): number {
    return this.told.filter(({ status }) => status >= 500).length;
  }

  /** Waits until so many more requests have been answered, by whatever. @throws Error when no request is answered any more */
  async more(requests: number): Promise<void> {
    const enough = this.told.length + requests;
    const start = performance.now();
    while (this.told.length < enough) {
      const last = Math.max(start, this.told.at(-1)?.end ?? 0);
      if (performance.now() > last + REPEAT) throw new Error(`the load stands still: ${this.violations.join('\n')}`);
      await sleep(10);
    }
  }

  /**
   * Waits until the load has run for longer than the API may take to recover.
   * @returns how long after `since` the first request succeeded (ms), and how many failed that began 2 s after it
   */
  async recovery(since: number): Promise<{ first: number; late: number }> {
    // Until then nothing is asked but when they succeed again.
    this.#restMs = 100;
    await sleep(Math.max(0, since + 2000 - performance.now()));
    this.#restMs = 0;
    await this.more(30);
    const ends = this.told.filter(({ end, status }) => end > since && status < 400).map(({ end }) => end);
    const late = this.told.filter(({ start, status }) => start > since + 2000 && status >= 500);
    return { first: Math.min(...ends) - since, late: late.length };
  }

  /** Lets every client come to an end: what it has to have an answer to, it has. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.#clients);
  }
}
