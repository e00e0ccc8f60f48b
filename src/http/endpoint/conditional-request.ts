import type { MiddlewareHandler } from 'hono';
import { Problem } from '../../problem.ts';
import type { Env } from '../env.ts';
import { entityTags, isEntityTagList } from '../request/entity-tags.ts';
import { type Definition, isConditionalRead } from './definition.ts';

/**
 * Reads what the headers of a conditional request (RFC 9110 §13) ask, into `c.var.read` or `c.var.write`. A header that
 * the endpoint does not take is ignored. The claim of an idempotency key is added to `c.var.write` once the body has been read.
 */
export function conditionalRequest(definition: Definition): MiddlewareHandler<Env> {
  const isRead = isConditionalRead(definition);
  const {
    ifMatch,
    success: { status },
  } = definition;
  return async (c, next) => {
    if (isRead) c.set('read', { ifNoneMatch: entityTags(c.req.header('If-None-Match')) });
    else c.set('write', { status, ifMatch: ifMatch ? expectedTags(c.req.header('If-Match')) : undefined });
    await next();
  };
}

/**
 * The entity tags of `If-Match`; undefined where there is no condition, or `*`, which every existing resource meets.
 * @throws Problem `invalid_request` for a header of another form: to ignore it would be to carry out what depends on it
 */
function expectedTags(header: string | undefined): string[] | undefined {
  if (header === undefined) return undefined;
  if (!isEntityTagList(header)) {
    throw new Problem('invalid_request', 'If-Match must be * or a list of entity tags, each in double quotes.');
  }
  const tags = entityTags(header);
  return tags[0] === '*' ? undefined : tags;
}
