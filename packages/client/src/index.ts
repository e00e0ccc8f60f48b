/** The typed client of the Onetrip API. */

export { createClient } from './client.ts';
export { OnetripConnectionError, OnetripError } from './errors.ts';
export { etagOf } from './etags.ts';
export type { Onetrip } from './generated/onetrip.ts';
export type * from './generated/types.ts';
export type { List, Page } from './list.ts';
export type { ClientOptions } from './send.ts';
export type { CallOptions, DryRunOptions, KeyOptions, MatchOptions, Reference } from './types.ts';
