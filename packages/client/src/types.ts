/* What the generated methods are written with. */

/** A resource, by its id or by itself. By itself it also says which version of it is meant. */
export type Reference = string | { readonly id: string; readonly version?: number | undefined };

/** How one call is made. */
export interface CallOptions {
  /** Ends the call, also while it waits to try again: it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Further headers, such as `Onetrip-Consistency: eventual`. */
  headers?: Record<string, string> | undefined;
}

export interface KeyOptions {
  /** An `Idempotency-Key` to use in place of a random one: the same call with it is carried out once in 24 hours. */
  idempotencyKey?: string | undefined;
}

export interface DryRunOptions {
  /** Only tries the call: it is checked and answered as it would be, with other ids and times, and nothing of it is kept. */
  dryRun?: boolean | undefined;
}

export interface MatchOptions {
  /**
   * The entity tag that `If-Match` sends (`etagOf()` gives that of an object), or false for none, in place of that of the
   * object which the call is given.
   */
  ifMatch?: string | false | undefined;
}

/** Which members a list shows of its items; all, if it says nothing. */
export interface Fields<F> {
  fields?: readonly F[] | undefined;
}

/** What is nested in a result. */
export interface Include<I> {
  include?: I | undefined;
}

/** A resource with the members in `F` only, where there are any; with those in `I` for certain. */
export type Shown<T, F extends keyof T = never, I extends keyof T = never> = [F] extends [never]
  ? [I] extends [never]
    ? T
    : Omit<T, I> & Required<Pick<T, I>>
  : Pick<T, F>;
