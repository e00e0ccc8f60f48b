import { fault, longText } from './schemas.ts';

const MAX_MENTIONS = 20;
const MENTION = /@\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]/gi;

/** The ids of the members whom a comment mentions, each once, in the order in which they first appear. */
export function mentionsOf(body: string): string[] {
  return [...new Set(Array.from(body.matchAll(MENTION), ([, id = '']) => id.toLowerCase()))];
}

/** The text of a comment, kept as sent. */
export const commentBody = longText
  .refine(
    (body) => mentionsOf(body).length <= MAX_MENTIONS,
    fault('too_many_mentions', `must mention at most ${MAX_MENTIONS} different members`),
  )
  .meta({
    description: `Markdown, kept as sent, and not blank. \`@[<member id>]\` mentions a member, at most ${MAX_MENTIONS} different ones; anything else in \`@[…]\` is text.`,
    examples: ['Shall we take the blue one? @[01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b]'],
  });
