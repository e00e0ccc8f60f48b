import type { Bindings } from '../../config/config.ts';
import { purge } from '../../scheduled/purge.ts';

/** Makes the Lambda function of the scheduled purge. One that throws has failed, and Lambda runs it again. */
export function purgeHandler(bindings: Bindings): () => Promise<void> {
  return async () => {
    await purge(bindings);
  };
}
