import type { Rejection } from './errors.ts';

/**
 * The rejection of a request for something that does not exist. It is the same where the resource is in the trash or is
 * another tenant's, so that nobody learns which of these it is.
 */
export const NOT_FOUND = {
  project: { code: 'not_found', detail: 'There is no such project.' },
  task: { code: 'not_found', detail: 'There is no such task.' },
  tag: { code: 'not_found', detail: 'There is no such tag.' },
  tenant: { code: 'not_found', detail: 'There is no such tenant.' },
} satisfies Record<string, Rejection>;
