import * as z from 'zod';
import { METADATA_COMPONENT } from '../request/schemas.ts';

/* Members that several resources have, as responses show them. */

export const id = z.uuid().meta({
  description: 'The id, which sorts by the time of creation.',
  examples: ['01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b'],
});
export const text = (description: string) => z.string().meta({ description });
export const count = (description: string) => z.int().meta({ description, examples: [3] });
export const timestamp = z.iso.datetime({ precision: 3 }).meta({ examples: ['2026-03-01T09:30:00.000Z'] });
export const moment = (description: string) => timestamp.meta({ description });
export const metadata = z
  .record(z.string(), z.unknown())
  .meta({ description: 'As it was sent.', ...METADATA_COMPONENT });
export const actor = z.string().nullable().meta({
  description: 'Who acted: the `sub` of a token, `api-key:<id>`, or `member:<id>` for somebody who has been purged.',
});
export const version = count('1 at first, and one more at every change. It stands in the ETag.');
/** When a row came to be and when it was last changed. */
export const times = {
  created_at: moment('When it was created, in UTC.'),
  updated_at: moment('When it was last changed, in UTC.'),
};
export const name = text('One line.');
