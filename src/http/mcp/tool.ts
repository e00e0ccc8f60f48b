import type { Hono } from 'hono';
import type { Definition } from '../endpoint/definition.ts';
import type { Env } from '../env.ts';

/** A tool of the Model Context Protocol: an endpoint under a name that assistants choose by. */
export interface Tool {
  /** `verb_noun`. */
  name: string;
  /** For a language model: what the tool is for, and what it needs to know of it that the schemas do not say. */
  description: string;
  endpoint: Pick<Hono<Env>, 'fetch'> & { definition: Definition };
  /** Whether it can be tried, with the argument {@link DRY_RUN}. */
  canBeTried?: boolean;
}

/** The argument that becomes `Onetrip-Dry-Run`. */
export const DRY_RUN = 'dry_run';

/** The argument that becomes `If-Match`, of tools whose endpoint takes it. */
export const IF_VERSION = 'if_version';

/**
 * Most of what a tool may say (bytes of JSON). A model reads less, and a response has it twice, as data and as text, where quotes and
 * backslashes are two bytes each: so no response has more than three times that. What is written is refused in its
 * transaction where its answer would be longer, because afterwards it could not be taken back.
 */
export const MAX_RESULT_BYTES = 1_048_576;

/** The names of the arguments that stand for the parameters of a path, by these: `id` of `/tasks/:id` is `task_id`. */
export function pathArguments(path: string): Record<string, string> {
  return Object.fromEntries(
    [...path.matchAll(/([\w-]+)\/:(\w+)/g)].map(([, collection = '', parameter = '']) => {
      return [parameter, parameter === 'id' ? `${collection.replace(/s$/, '').replaceAll('-', '_')}_id` : parameter];
    }),
  );
}
