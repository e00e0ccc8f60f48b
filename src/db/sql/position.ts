import { type RawBuilder, sql } from 'kysely';

/**
 * The n-th position after the last one: the last one plus n, or the n-th double after it where doubles are further apart
 * than whole numbers are (beyond 2^53, to which older releases let positions be set). At the end of the doubles it is the
 * last position itself, and the id decides the order.
 */
export function positionAfter(last: RawBuilder<unknown>, n: RawBuilder<unknown>) {
  return sql<number>`case when abs(${last}) > 1e300 then ${last} else ${last} + ${n} * greatest(2 ^ 51, abs(${last})) * 2 ^ -51 end`;
}
