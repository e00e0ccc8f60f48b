import { sql } from 'kysely';
import type { RaisedProblem } from '../client/errors.ts';
import type { Rows } from './keyset.ts';

/** What an answer may have (bytes). */
const MAX_ANSWER = sql.lit(8 * 1024 * 1024);

/** The end of the batch: an answer would be too large. `lower` is the parameter to lower, where there is one. */
function refuse(lower: string | undefined) {
  const problem: RaisedProblem = {
    code: 'unprocessable',
    detail: `The answer would exceed 8 MiB${lower ? `; lower ${lower}` : ''}.`,
    ...(lower
      ? { errors: [{ pointer: lower, code: 'answer_too_large', message: 'makes the answer exceed 8 MiB' }] }
      : {}),
  };
  return sql`must(false, ${JSON.stringify(problem)}::json)::text`;
}

/** The text of a finished answer. Problems: `unprocessable` where it exceeds 8 MiB. */
export function withinLimit<T extends string>(body: string, lower: string | undefined) {
  const text = sql`${sql.ref(body)}::text`;
  return sql<T>`case when octet_length(${text}) > ${MAX_ANSWER} then ${refuse(lower)} else ${text} end`;
}

/**
 * Rows whose `item` is JSON that becomes part of an answer, with the columns that are named. Problems: `unprocessable`
 * with the first item that makes them exceed 8 MiB together: the rows come one by one, so no more than that is built,
 * however many there are, as long as work_mem holds them (`enter_tenant()` sets it). OFFSET 0 keeps PostgreSQL from building each item twice.
 */
export function itemsWithinLimit(rows: Rows, columns: string[], lower: string | undefined) {
  const size = sql`sum(octet_length(item::text)) over (rows unbounded preceding)`;
  return sql`(
    select ${sql.join(columns.map((column) => sql.ref(column)))},
      case when ${size} > ${MAX_ANSWER} then ${refuse(lower)}::json else item end as item
    from (${rows.offset(sql<number>`0`)}) as built)`;
}
