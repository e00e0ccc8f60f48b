import type { Bindings } from '../../config/bindings.ts';
import { purge } from '../../scheduled/purge.ts';

/** Makes the Lambda function of the scheduled purge. If it throws, Lambda counts the run as failed and repeats it. */
export function purgeHandler(bindings: Bindings): () => Promise<void> {
  return async () => {
    await purge(bindings);
  };
}
