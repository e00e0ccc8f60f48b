import type * as z from 'zod';
import { memberErrors, parseForErrors } from '../../../src/http/request/member-errors.ts';

/** The output of a parse, or the codes of its faults. */
export function outcome(schema: z.ZodType, input: unknown): unknown {
  const result = parseForErrors(schema, input);
  return result.success
    ? result.data
    : memberErrors(result.error, 'body')
        .map(({ code }) => `refused: ${code}`)
        .join();
}
