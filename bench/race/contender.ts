import type { Cluster } from './cluster.ts';
import type { Job, Request, Targets } from './jobs.ts';

/** What everybody is started with. */
export interface Race {
  cluster: Cluster;
  /** The database of 200 000 tasks. */
  database: string;
  targets: Targets;
  /** Of the tokens, HS256. */
  secret: string;
  /** A scratch directory. */
  directory: string;
}

/** A contender that has been started. */
export interface Running {
  /** Where it listens: `http://127.0.0.1:…` */
  origin: string;
  /** Its processes, without PostgreSQL; what they start counts too. */
  pids: number[];
}

/** Who takes part. */
export interface Contender {
  name: string;
  /** One of ours, a peer, or a limit beside them. */
  side: 'ours' | 'peer' | 'limit';
  /** Starts it. @returns a line that says why it cannot take part, where it cannot */
  start(race: Race): Promise<Running | string>;
  /** Operations to choose from at random, each one request or several in a row; undefined where it has no such job. */
  operations(job: Job, targets: Targets, origin: string): Promise<Request[][] | undefined> | Request[][] | undefined;
  /** The body of A (a project), B (projects) or F (tasks), in the one shape that is compared. */
  shape?(job: Job, body: unknown): unknown;
}
