import { createLocalJWKSet, errors, type JWTHeaderParameters } from 'jose';
import { causeOf, log } from '../../log.ts';
import { type Problem, unavailable } from '../../problem.ts';
import { readBytes } from '../request/strict-json.ts';

/*
 * The public keys at JWKS_URL (RFC 7517 §5): cached, fetched again for a key that is not among them, and kept for a
 * while when the key server fails. jose's createRemoteJWKSet is not used, because in a Worker each of many concurrent
 * requests would fetch, a server that is down would be asked again for every token, and a body of any size would be read.
 */

/** Keys younger than this are used without asking again (ms). A key that was withdrawn is accepted for as long. */
const FRESH_FOR_MS = 10 * 60_000;

/** Keys younger than this are used while the key server fails (ms), so that a shorter outage locks nobody out. */
const USABLE_FOR_MS = 60 * 60_000;

/** How long to wait before the next fetch (ms), by how the latest one ended, or while it has not. */
const REFETCH_AFTER_MS = { succeeded: 30_000, failed: 5000, 'under way': 1000 };

/** How long a fetch may take until the whole body is there (ms). */
const FETCH_TIMEOUT_MS = 3000;

/** How often a request checks whether the keys that another request is fetching have come (ms). */
const POLL_MS = 20;

/** The largest key set that is read (bytes). */
const MAX_KEY_SET_BYTES = 262_144;

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
  #latest: keyof typeof REFETCH_AFTER_MS = 'succeeded';
  /** How many fetches have begun, and the number of the one that brought `#keys`. */
  #begun = 0;
  #applied = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** The key for a token's header. @throws JWKSNoMatchingKey and other JOSE errors, or Problem `unavailable`. */
  async find(header: JWTHeaderParameters): Promise<CryptoKey> {
    const deadline = Date.now() + FETCH_TIMEOUT_MS;
    for (;;) {
      const age = Date.now() - this.#fetchedAt;
      if (age < FRESH_FOR_MS || (age < USABLE_FOR_MS && !this.#mayFetch)) {
        const key = await this.#matching(header);
        if (key) return key;
      }
      if (this.#mayFetch && Date.now() < deadline) await this.#fetch();
      else if (this.#latest === 'succeeded') throw new errors.JWKSNoMatchingKey();
      else if (this.#latest === 'failed' || Date.now() >= deadline) throw keysUnavailable();
      else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
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
      // The key server has the key, but in a form that cannot be used, which is not the token's fault.
      throw keysUnavailable();
    }
  }

  async #fetch(): Promise<void> {
    const number = ++this.#begun;
    this.#settle('under way');
    try {
      const keys = createLocalJWKSet(await fetchKeySet(this.#url));
      // Of two fetches that overlap, the keys of the later one count, whichever ends first.
      if (number < this.#applied) return;
      this.#applied = number;
      this.#keys = keys;
      this.#fetchedAt = Date.now();
      this.#settle('succeeded');
    } catch (error) {
      const { answered } = error as { answered?: number };
      log('error', 'key_server', { error: causeOf(error), answered, host: new URL(this.#url).host });
      // A later fetch may have brought keys meanwhile. One that is still under way asks the same server.
      if (number > this.#applied) this.#settle('failed');
    }
  }

  #settle(how: keyof typeof REFETCH_AFTER_MS): void {
    this.#latest = how;
    this.#nextFetch = Date.now() + REFETCH_AFTER_MS[how];
  }
}

/**
 * Fetches a key set, within the bounds of time and size. Redirects are not followed, because they could lead anywhere.
 * @throws Error of `fetch`; with `answered`, the status, where that is not 200; SyntaxError for what is no JSON
 */
export async function fetchKeySet(url: string): Promise<{ keys: object[] }> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const headers = { Accept: 'application/jwk-set+json, application/json', 'User-Agent': 'onetrip' };
  const response = await fetch(url, { headers, redirect: 'manual', signal });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw Object.assign(new Error('The key server does not answer 200.'), { answered: response.status });
  }
  const bytes = await readBytes(response, MAX_KEY_SET_BYTES).catch(async (error) => {
    await response.body?.cancel();
    throw error;
  });
  return JSON.parse(new TextDecoder().decode(bytes));
}

function keysUnavailable(): Problem {
  return unavailable('The keys that verify tokens cannot be fetched at the moment.', REFETCH_AFTER_MS.failed / 1000);
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
