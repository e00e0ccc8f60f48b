/** How many databases one request asks at a time: as many connections as a Worker has at once (Cloudflare, "Limits"). */
const MAX_AT_A_TIME = 6;

/**
 * What comes of some work for each of several databases, in their order. A few are asked at a time.
 * @throws what the first throws that fails
 */
export async function mapConcurrently<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
  const left = [...items].entries();
  const results: R[] = [];
  const worker = async () => {
    for (const [n, item] of left) results[n] = await work(item);
  };
  await Promise.all(Array.from({ length: MAX_AT_A_TIME }, worker));
  return results;
}
