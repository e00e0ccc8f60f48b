/** How many requests the Neon endpoint lets through: `LeakyBucketState` in `libs/utils/src/leaky_bucket.rs`. */
export class RateLimit {
  /** What one request adds to the bucket, and what the bucket holds (ms). */
  readonly #cost: number;
  readonly #width: number;
  /** When the bucket is empty ({@link performance.now}). */
  #emptyAt = 0;

  /** @param rps how many requests a second; @param burst how many at once */
  constructor({ rps, burst }: { rps: number; burst: number }) {
    this.#cost = 1000 / rps;
    this.#width = this.#cost * burst;
  }

  /** Counts a request, if there is room for it. */
  allows(): boolean {
    const now = performance.now();
    const emptyAt = Math.max(this.#emptyAt, now) + this.#cost;
    if (emptyAt - this.#width > now) return false;
    this.#emptyAt = emptyAt;
    return true;
  }
}
