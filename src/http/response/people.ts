import * as z from 'zod';
import { API_KEY_PATTERN, apiKeyRole, apiKeyStatus, memberStatus } from '../request/schemas.ts';
import { actor, id, name, text, times, timestamp, version } from './members.ts';

/* The schemas of members and API keys, as responses show them. */

export const Member = z
  .object({
    id,
    subject: z
      .string()
      .nullable()
      .meta({ description: 'The `sub` of this person’s tokens; null for somebody who never signs in.' }),
    name,
    email: z.string().nullable().meta({ description: 'An email address, which nobody has checked.' }),
    status: memberStatus,
    version,
    ...times,
  })
  .meta({ id: 'Member', description: 'Somebody who can be assigned, mentioned and shown by name.' });

/** A member where another resource shows it. */
export const MemberName = Member.pick({ id: true, name: true }).meta({
  id: 'MemberName',
  description: 'A member, as other resources show it.',
});

export const Me = z
  .object({
    subject: z.string().nullable().meta({ description: 'The `sub` of the token; null for an API key.' }),
    role: apiKeyRole,
    tenant: z.object({ id, name }).meta({ id: 'TenantName', description: 'A tenant, as other resources show it.' }),
    member: Member.nullable().meta({
      description: 'The member whose subject this is, or for whom the API key acts; null where there is none.',
    }),
    credential: z
      .enum(['token', 'api_key'])
      .meta({ id: 'Credential', description: 'What the caller has signed in with.' }),
  })
  .meta({ id: 'Me', description: 'Who the caller is.' });

export const ApiKey = z
  .object({
    id,
    name: text('What the key is for.'),
    role: apiKeyRole,
    member_id: id
      .nullable()
      .meta({ description: 'For whom the key acts. While that member is deactivated, it is refused.' }),
    status: apiKeyStatus,
    expires_at: timestamp.nullable().meta({ description: 'From when on it is refused; null for never.' }),
    created_at: times.created_at,
    created_by: actor,
    revoked_at: timestamp.nullable().meta({ description: 'When it was revoked; null where it was not.' }),
  })
  .meta({ id: 'ApiKey', description: 'An API key, without the key itself.' });

export const NewApiKey = ApiKey.extend({
  key: z.string().nullable().meta({
    pattern: API_KEY_PATTERN,
    description: 'The key itself, shown this once: an answer that is given back for an Idempotency-Key has null.',
  }),
}).meta({ id: 'NewApiKey', description: 'An API key with the key itself.' });
