/** How much of a body that nobody wants is read (bytes), and for how long (ms). Beyond, the connection may break. */
const MAX_BYTES = 32 * 1024 * 1024;
const PATIENCE = 5000;

/**
 * Reads what is left of a request's body and throws it away. A connection that is answered before its request has
 * arrived may be reset, and the caller then never sees the answer (RFC 9112 §9.6); proxies make a 5xx of it.
 */
export async function drain({ body }: Request): Promise<void> {
  if (!body || body.locked) return;
  const reader = body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), PATIENCE);
  try {
    for (let bytes = 0; bytes < MAX_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.length;
    }
    // Not awaited: the answer does not wait for a source that is slow to stop.
    reader.cancel().catch(() => {});
  } catch {
    // It broke off: there is nothing left to read.
  } finally {
    clearTimeout(timer);
  }
}
