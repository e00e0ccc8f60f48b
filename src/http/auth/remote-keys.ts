import { createLocalJWKSet, errors, type JWTHeaderParameters } from 'jose';
import { log } from '../../log.ts';
import { Problem } from '../../problem.ts';
import { readBytes } from '../request/strict-json.ts';

/*
 * The public keys at JWKS_URL (RFC 7517 §5): cached, fetched again for a key that is not among them, and kept for a
 * while when the key server fails. jose's createRemoteJWKSet does not do for us: in a Worker each of the requests that
 * come at once fetches, a server that is down is asked again for every token, and a body of any size is read.
 */

/** Keys younger than this are not asked for again (ms): so long a key that was withdrawn may still be good. */
const FRESH = 10 * 60_000;

/** The same while the key server fails (ms). Nobody is locked out by an outage that is shorter. */
const GOOD = 60 * 60_000;

/** Pauses before the next fetch (ms): after one that succeeded, after one that failed, after one still under way. */
const PAUSE = { succeeded: 30_000, failed: 5000, 'under way': 1000 };

/** A key server that has not answered in full by then has failed (ms). */
const TIMEOUT = 3000;

/** How often a request without keys looks whether those that another one fetches have come (ms). */
const POLL = 20;

const MAX_BYTES = 262_144;

/**
 * The keys at one URL. Between requests it shares plain values only, never a promise: a Worker may not await what
 * another request does, and that request may be aborted.
 */
class RemoteKeys {
  readonly #url: string;
  #keys = createLocalJWKSet({ keys: [] });
  /** When `#keys` were fetched. */
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #nextFetch = Number.NEGATIVE_INFINITY;
  #latest: keyof typeof PAUSE = 'succeeded';
  /** How many fetches have begun, and which of them `#keys` came with. */
  #begun = 0;
  #applied = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** The key for a token's header. @throws JWKSNoMatchingKey and other JOSE errors, or Problem `unavailable`. */
  async find(header: JWTHeaderParameters): Promise<CryptoKey> {
    const deadline = Date.now() + TIMEOUT;
    for (;;) {
      const age = Date.now() - this.#fetchedAt;
      if (age < FRESH || (age < GOOD && !this.#mayFetch)) {
        const key = await this.#matching(header);
        if (key) return key;
      }
      if (this.#mayFetch && Date.now() < deadline) await this.#fetch();
      else if (this.#latest === 'succeeded') throw new errors.JWKSNoMatchingKey();
      else if (this.#latest === 'failed' || Date.now() >= deadline) throw unavailable();
      else await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  get #mayFetch(): boolean {
    return Date.now() >= this.#nextFetch;
  }

  async #matching(header: JWTHeaderParameters): Promise<CryptoKey | undefined> {
    try {
      return await this.#keys(header);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      if (error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      // The key is there, but what the server says of it cannot be used: that is not the token's fault.
      throw unavailable();
    }
  }

  async #fetch(): Promise<void> {
    const number = ++this.#begun;
    this.#settle('under way');
    try {
      const keys = createLocalJWKSet(await download(this.#url));
      // Of two that overlap, the later one knows better, whichever ends first.
      if (number < this.#applied) return;
      this.#applied = number;
      this.#keys = keys;
      this.#fetchedAt = Date.now();
      this.#settle('succeeded');
    } catch (error) {
      const { name, answered } = error as Error & { answered?: number };
      log('error', 'key_server', { error: name, answered });
      // Unless a later one has brought keys meanwhile. One that is still under way has the same server before it.
      if (number > this.#applied) this.#settle('failed');
    }
  }

  #settle(how: keyof typeof PAUSE): void {
    this.#latest = how;
    this.#nextFetch = Date.now() + PAUSE[how];
  }
}

/** What stands at a URL that answers 200, in time and within bounds. A redirect could lead anywhere: it is not followed. */
async function download(url: string): Promise<{ keys: object[] }> {
  const signal = AbortSignal.timeout(TIMEOUT);
  const headers = { Accept: 'application/jwk-set+json, application/json', 'User-Agent': 'onetrip' };
  const response = await fetch(url, { headers, redirect: 'manual', signal });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw Object.assign(new Error('The key server does not answer 200.'), { answered: response.status });
  }
  const bytes = await readBytes(response, MAX_BYTES).catch(async (error) => {
    await response.body?.cancel();
    throw error;
  });
  return JSON.parse(new TextDecoder().decode(bytes));
}

function unavailable(): Problem {
  return new Problem('unavailable', 'The keys that check tokens cannot be had at the moment.', {
    headers: { 'Retry-After': String(PAUSE.failed / 1000) },
  });
}

const byUrl = new Map<string, RemoteKeys>();

/** The keys at a URL, shared by all requests of this process or isolate. */
export function remoteKeys(url: string): RemoteKeys {
  let keys = byUrl.get(url);
  if (!keys) {
    keys = new RemoteKeys(url);
    byUrl.set(url, keys);
  }
  return keys;
}
