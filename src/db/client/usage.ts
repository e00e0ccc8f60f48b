/** What one request has asked of databases, of which it may ask several side by side. */
export class Usage {
  /** Round trips so far. */
  roundTrips = 0;
  /** Milliseconds in which one of them at least was under way. */
  milliseconds = 0;
  /** Rows that came back. */
  rows = 0;
  readonly #deadlineMs: number;
  #deadline: AbortSignal | undefined;
  #underWay = 0;
  #since = 0;

  /** @param deadlineMs how long all batches of the request may take together */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Aborts when the deadline has passed. It runs from the first batch on, because a request body may take long to arrive. */
  deadline(): AbortSignal {
    this.#deadline ??= AbortSignal.timeout(this.#deadlineMs);
    return this.#deadline;
  }

  begin(): void {
    if (this.#underWay++ === 0) this.#since = performance.now();
  }

  end(): void {
    if (--this.#underWay === 0) this.milliseconds += performance.now() - this.#since;
  }
}
