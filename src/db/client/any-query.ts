import type { SelectQueryBuilder } from 'kysely';

/** A query of rows whose tables do not matter to the code that pages or bounds them. */
// biome-ignore lint/suspicious/noExplicitAny: any query will do
export type AnyQuery = SelectQueryBuilder<any, any, any>;
