import type { Context } from 'hono';
import { Problem } from '../../problem.ts';
import type { Env } from '../env.ts';

/* Dry runs (docs/api-conventions.md, "Dry run"): a write that is checked and answered, and of which nothing stays. */

const HEADER = 'Onetrip-Dry-Run';

interface Endpoint {
  method: string;
  /** Who may call it. */
  access: string;
  /** What its body is a message of, where that is another protocol. */
  protocol?: string;
}

/** Whether an endpoint can be tried: every write within a tenant. */
export function takesDryRun({ method, access, protocol }: Endpoint): boolean {
  return method !== 'get' && access !== 'platform' && access !== 'public' && !protocol;
}

/**
 * Whether the request is a dry run.
 * @throws Problem `invalid_request` for another value, and where there is no such thing: to ignore the header would be to
 *   keep what was only to be tried
 */
export function isDryRun(c: Context<Env>, endpoint: Endpoint): boolean {
  const header = c.req.header(HEADER);
  if (header === undefined) return false;
  if (header !== 'true') throw new Problem('invalid_request', `${HEADER} must be true, or left out.`);
  if (takesDryRun(endpoint)) return true;
  const reason =
    endpoint.method === 'get' ? 'a read changes nothing' : 'only what is written within a tenant can be tried';
  throw new Problem('invalid_request', `${HEADER} is not possible here: ${reason}.`);
}

/** Says in the answer, also of a request that is refused, that nothing of it stays. */
export function echoDryRun(c: Context<Env>, endpoint: Endpoint, headers: Headers): void {
  if (takesDryRun(endpoint) && c.req.header(HEADER) === 'true') headers.set(HEADER, 'true');
}
