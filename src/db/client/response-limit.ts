import { type SelectQueryBuilder, sql } from 'kysely';
import type { Rejection } from './rejections.ts';

// biome-ignore lint/suspicious/noExplicitAny: which tables it reads does not matter here
type ItemQuery<T> = SelectQueryBuilder<any, any, { item: T }>;

const MIB = 1024 * 1024;

/** What the body of a response may have (bytes), where nobody wants it shorter. */
export const MAX_BODY_BYTES = 8 * MIB;

/**
 * An expression that rejects the batch, because a response would be too large.
 * @param limitParameter the parameter, or member of the body, to lower then, where there is one
 */
function rejectTooLarge(limitParameter: string | undefined, maxBytes: number) {
  const size = `${maxBytes / MIB} MiB`;
  const rejection: Rejection = {
    code: 'unprocessable',
    detail: `The answer would exceed ${size}${limitParameter ? `; lower ${limitParameter}` : ''}.`,
    ...(limitParameter
      ? { errors: [{ pointer: limitParameter, code: 'answer_too_large', message: `makes the answer exceed ${size}` }] }
      : {}),
  };
  return sql`raise_unless(false, ${JSON.stringify(rejection)}::json)::text`;
}

/** The text of a finished body. Rejects with `unprocessable` where it exceeds so many bytes. */
export function withinLimit<T extends string>(body: string, limitParameter: string | undefined, maxBytes: number) {
  const text = sql.ref(body);
  return sql<T>`case when octet_length(${text}) > ${sql.lit(maxBytes)} then ${rejectTooLarge(limitParameter, maxBytes)} else ${text} end`;
}

/**
 * Rows whose `item` is text that becomes part of a response, in the same order. Rejects with `unprocessable` at the first
 * item that makes them exceed 8 MiB together. The rows come one by one, so that no more than 8 MiB is built however many
 * there are; for that, work_mem must hold them (`set_tenant_context()` sets it). OFFSET 0 keeps PostgreSQL from building
 * each item twice.
 */
export function itemsWithinLimit<T>(rows: ItemQuery<T>, limitParameter: string | undefined) {
  const size = sql`sum(octet_length(item)) over (rows unbounded preceding)`;
  return sql<{ item: T }>`(
    select case when ${size} > ${sql.lit(MAX_BODY_BYTES)} then ${rejectTooLarge(limitParameter, MAX_BODY_BYTES)} else item end as item
    from (${rows.offset(sql<number>`0`)}) as built)`;
}
