import type { Context } from 'hono';
import { allowedOrigins } from '../../config/origins.ts';
import type { Env } from '../env.ts';

/* Headers that every response carries, for the sake of callers in a browser. */

/** What OWASP's REST Security Cheat Sheet asks of an API: JSON is never a page, a script or a frame of anybody's. */
export const SECURITY_HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=63072000',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** What a page of another origin may send and read, beyond what the Fetch standard always allows. */
const REQUEST_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Onetrip-Consistency, Onetrip-Dry-Run, traceparent, X-Request-Id, X-Tenant-Token';
const RESPONSE_HEADERS =
  'ETag, Idempotency-Replayed, Link, Location, Onetrip-Dry-Run, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, X-Request-Id';
const PREFLIGHT_SECONDS = '7200';

/** Adds the security headers that the response does not have already. */
export function setSecurityHeaders(headers: Headers): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) if (!headers.has(name)) headers.set(name, value);
}

/**
 * Lets the pages of the origins in `CORS_ORIGINS` read the response (Fetch standard, §3.3 CORS protocol). No
 * credentials mode: a token travels in a header, which the page itself has to set.
 * @param methods what the path takes, for the answer to a preflight
 */
export function setCorsHeaders(c: Context<Env>, headers: Headers, methods?: string): void {
  const origins = allowedOrigins(c.env);
  if (origins.length === 0) return;
  headers.append('Vary', 'Origin');
  const origin = c.req.header('Origin');
  if (!origin || !origins.includes(origin)) return;
  headers.set('Access-Control-Allow-Origin', origin);
  headers.set('Access-Control-Expose-Headers', RESPONSE_HEADERS);
  if (!methods || !c.req.header('Access-Control-Request-Method')) return;
  headers.set('Access-Control-Allow-Methods', methods);
  headers.set('Access-Control-Allow-Headers', REQUEST_HEADERS);
  headers.set('Access-Control-Max-Age', PREFLIGHT_SECONDS);
}
