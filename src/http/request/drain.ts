/** How much of an unread body is read (bytes), and for how long (ms). Beyond that the connection may be reset. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_READING_MS = 5000;

/**
 * Reads the rest of a request's body and discards it. A connection whose response is sent before the request has arrived
 * may be reset, so that the caller never sees the response (RFC 9112 §9.6), and a proxy makes a 5xx of it.
 */
export async function drain({ body }: Request): Promise<void> {
  if (!body || body.locked) return;
  const reader = body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), MAX_READING_MS);
  try {
    for (let bytes = 0; bytes < MAX_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.length;
    }
    // Not awaited, because the source may be slow to stop.
    reader.cancel().catch(() => {});
  } catch {
    // The body has broken off, so there is nothing left to read.
  } finally {
    clearTimeout(timer);
  }
}
