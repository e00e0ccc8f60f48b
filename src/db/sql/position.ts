import { type RawBuilder, sql } from 'kysely';

/**
 * The n-th position after the last one. Beyond 2^53, where older releases let positions be set to, whole numbers are no
 * longer apart from each other: there it is the n-th double. At the very end of the doubles the id decides the order.
 */
export function positionAfter(last: RawBuilder<unknown>, n: RawBuilder<unknown>) {
  return sql<number>`case when abs(${last}) > 1e300 then ${last} else ${last} + ${n} * greatest(2 ^ 51, abs(${last})) * 2 ^ -51 end`;
}
