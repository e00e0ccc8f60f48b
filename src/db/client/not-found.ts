import type { Rejection } from './errors.ts';

/**
 * The rejection of a request for something that does not exist. It is the same where the resource is in the trash or is
 * another tenant's, so that nobody learns which of these it is.
 * @param resource what callers call it: `project`
 */
export function notFound(resource: string): Rejection {
  return { code: 'not_found', detail: `There is no such ${resource}.` };
}
