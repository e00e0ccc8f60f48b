/*
 * Tokens that have been verified a moment ago. A caller sends the same token with each request, and to verify its
 * signature takes as long as everything else that a function does before it asks the database.
 */

/** For how long a token is not verified again (ms). A key that is withdrawn is accepted for as much longer. */
const KEPT_FOR_MS = 30_000;

/** How many tokens are kept, and how long they may be (characters): together they take a few megabytes at most. */
const MAX_TOKENS = 1000;
const MAX_LENGTH = 4096;

interface Verified<P> {
  principal: P;
  /** From when until when it counts (ms since 1970). The clock may be set back. */
  from: number;
  until: number;
}

/** The tokens of one configuration, each with whom it speaks for; those of another may be signed with another key. */
export class VerifiedTokens<P> {
  /** In the order in which they were added. */
  readonly #tokens = new Map<string, Verified<P>>();

  /** Whom the token speaks for, if that is known. */
  get(token: string): P | undefined {
    const verified = this.#tokens.get(token);
    const now = Date.now();
    if (!verified || (verified.from <= now && now < verified.until)) return verified?.principal;
    this.#tokens.delete(token);
    return undefined;
  }

  /** @param expiresAt when the token stops being valid (ms since 1970) */
  add(token: string, principal: P, expiresAt: number): void {
    if (token.length > MAX_LENGTH) return;
    this.#tokens.delete(token);
    const [oldest] = this.#tokens.keys();
    if (oldest !== undefined && this.#tokens.size >= MAX_TOKENS) this.#tokens.delete(oldest);
    const now = Date.now();
    // A copy, because a part of a string keeps all of it, here the whole header, in memory.
    const copy = new TextDecoder().decode(new TextEncoder().encode(token));
    this.#tokens.set(copy, { principal, from: now, until: Math.min(now + KEPT_FOR_MS, expiresAt) });
  }
}
