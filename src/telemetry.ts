/*
 * What a process counts while it works. The server on Node listens, and shows the numbers to Prometheus. Workers and Lambda
 * functions have nobody who listens: their platforms count requests, and the log has the rest.
 */

export interface Listener {
  /**
   * A request has its response.
   * @param operationId null where no route matched
   * @param ms how long it took
   */
  onRequest(operationId: string | null, status: number, ms: number): void;
  /** A batch is sent to the database again, after a deadlock or serialisation failure. */
  onRetry(): void;
  /** So many attempts at deliveries to webhooks have been made. */
  onAttempts(result: 'arrived' | 'failed', count: number): void;
}

let listener: Listener | undefined;

/** Has one listener told from now on, or none. */
export function listenTo(next: Listener | undefined): void {
  listener = next;
}

/** Tells the listener, if there is one. */
export const telemetry: Listener = {
  onRequest: (...request) => listener?.onRequest(...request),
  onRetry: () => listener?.onRetry(),
  onAttempts: (...attempts) => listener?.onAttempts(...attempts),
};
