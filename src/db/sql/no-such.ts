import type { Rejection } from '../client/errors.ts';

/** The same for what never was, what is in the trash, and what is another tenant's: nobody learns which of them it is. */
export const NO_SUCH = {
  project: { code: 'not_found', detail: 'There is no such project.' },
  task: { code: 'not_found', detail: 'There is no such task.' },
  tag: { code: 'not_found', detail: 'There is no such tag.' },
  tenant: { code: 'not_found', detail: 'There is no such tenant.' },
} satisfies Record<string, Rejection>;
