/* How a delivery is sent, whatever sends it. */

/** What is sent to a receiver. */
export interface Message {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** What it has answered. */
export interface Answer {
  status: number;
  /** The first 1 KiB of the body, or what of it came in time. */
  response: string;
}

/**
 * Sends a POST request and waits for the answer. Redirects are not followed.
 * @param signal ends it; what has come of a body until then counts
 * @throws Error where there was no answer
 */
export type Post = (message: Message, signal: AbortSignal) => Promise<Answer>;

/** Most bytes of an answer that are read. */
export const MAX_RESPONSE_BYTES = 1024;

/** As text that PostgreSQL can store: without NUL, and without a character that was cut off at the end. */
export function responseText(chunks: Uint8Array[]): string {
  const decoder = new TextDecoder();
  const text = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('');
  return text.replaceAll('\0', '\ufffd');
}

/**
 * By `fetch`, for Cloudflare's runtime: from there no address of a private network can be reached, because requests of
 * Workers go out through Cloudflare's own network.
 */
export const postByFetch: Post = async ({ url, headers, body }, signal) => {
  const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
  const chunks: Uint8Array[] = [];
  const reader = answer.body?.getReader();
  try {
    for (let left = MAX_RESPONSE_BYTES; reader && left > 0; ) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value.subarray(0, left));
      left -= value.length;
    }
  } catch {
    // What has come until then is what there is.
  }
  await reader?.cancel().catch(() => {});
  return { status: answer.status, response: responseText(chunks) };
};
