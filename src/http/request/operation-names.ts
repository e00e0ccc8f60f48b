import * as z from 'zod';

/** A name that stands for an id, as the whole of a value. */
const PLACEHOLDER = /^\{([a-z][a-z0-9_]{0,31})\}$/;

/** Where in a value a name stands for an id, and which one. */
interface Placeholder {
  path: PropertyKey[];
  name: string;
}

/**
 * Puts ids in place of the names that stand for them: where the schema wants an id, and nowhere else. The value is changed in
 * place. What else is wrong with it is found when it is validated afterwards.
 * @param ids by name
 * @returns the names that stand for no id
 */
export function replaceNames(schema: z.ZodObject, value: unknown, ids: ReadonlyMap<string, string>): Placeholder[] {
  const { error } = z.safeParse(schema, value);
  const unknown: Placeholder[] = [];
  for (const path of error ? idPaths(error.issues, []) : []) {
    const at = path.at(-1) as string;
    const parent = path.slice(0, -1).reduce((inner, step) => inner[step as string] as Members, value as Members);
    const name = PLACEHOLDER.exec(String(parent[at]))?.[1];
    if (name === undefined) continue;
    const id = ids.get(name);
    if (id === undefined) unknown.push({ path, name });
    else parent[at] = id;
  }
  return unknown;
}

type Members = Record<string, unknown>;

/** Where the schema wants an id and there is something else. */
function* idPaths(issues: z.core.$ZodIssue[], base: PropertyKey[]): Generator<PropertyKey[]> {
  for (const issue of issues) {
    const path = [...base, ...issue.path];
    if (issue.code === 'invalid_format' && issue.format === 'guid') yield path;
    if (issue.code === 'invalid_union') for (const branch of issue.errors) yield* idPaths(branch, path);
  }
}
