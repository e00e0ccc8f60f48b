import { functions } from '../../src/functions/index.ts';
import { type Definition, takesIdempotencyKey } from '../../src/http/endpoint/definition.ts';

/* Which method of the typed client (packages/client) calls which endpoint: by its path and the verb of its operation. */

const BASE = '/api/v1/';

/** A method of the client. */
export interface Method {
  definition: Definition;
  /** From the client on: `['projects', 'tasks', 'create']`. */
  name: string[];
  /** The names of its arguments that stand for the parameters of the path, in its order: `['project']`. */
  references: string[];
  /** Whether it gives the pages of a list. */
  isList: boolean;
  /** Whether it sends `If-Match` of the object that it is given. */
  sendsIfMatch: boolean;
}

/** Every endpoint below /api/v1 as a method. */
export function methods(): Method[] {
  const definitions = functions.map(({ definition }): Definition => definition);
  return methodsOf(definitions.filter(({ path }) => path.startsWith(BASE)));
}

/**
 * @throws Error in words where two endpoints would be one method, or one would be both a method and what has methods
 */
export function methodsOf(definitions: Definition[]): Method[] {
  const all = definitions.map((definition): Method => {
    const { path, query, ifMatch } = definition;
    const isMembership = isSetMembership(definition, definitions);
    return {
      definition,
      name: nameOf(definition, isMembership),
      references: referencesOf(path),
      isList: query !== undefined && 'cursor' in query.shape,
      // Members of a set are put and taken off whatever else has changed; only who asks for it is held to a version.
      sendsIfMatch: ifMatch === true && !isMembership,
    };
  });
  for (const [index, { name, definition }] of all.entries()) {
    const clash = all.find((other, at) => {
      return at !== index && name.every((part, depth) => other.name[depth] === part);
    });
    if (clash) {
      const both = `${definition.operationId} and ${clash.definition.operationId}`;
      throw new Error(`${both} would both be onetrip.${name.join('.')}: name one after another verb or path.`);
    }
  }
  return all;
}

/** Whether it puts something on another resource, or takes it off: `PUT` or `DELETE /tasks/:id/tags/:tag_id`. */
function isSetMembership({ path, method }: Definition, all: Definition[]): boolean {
  const hasPut = all.some((other) => other.path === path && other.method === 'put');
  return hasPut && /\/:\w+$/.test(path) && (method === 'put' || method === 'delete');
}

/**
 * The names in the path, then the verb of the operation: `projects.tasks.list`. An action is its own verb
 * (`projects.restore`), and what belongs to a set is added and removed (`tasks.tags.add`).
 */
function nameOf({ path, operationId, method }: Definition, isMembership: boolean): string[] {
  const segments = path.slice(BASE.length).split('/');
  const names = segments.filter((segment) => !segment.startsWith(':')).map(camelCase);
  const [verb = ''] = operationId.split('-');
  if (isMembership) return [...names, method === 'put' ? 'add' : 'remove'];
  const last = segments.at(-1) ?? '';
  return last.split(/\W/)[0] === verb ? names : [...names, camelCase(verb)];
}

/** `['task', 'tag']` of `/tasks/:id/tags/:tag_id`. */
function referencesOf(path: string): string[] {
  return [...path.matchAll(/([\w-]+)\/:(\w+)/g)].map(([, before = '', parameter = '']) => {
    return camelCase(parameter === 'id' ? before.replace(/s$/, '') : parameter.replace(/_id$/, ''));
  });
}

/** `auditLog` of `audit-log`, `openapi` of `openapi.json`. */
function camelCase(text: string): string {
  return text.replace(/\.\w+$/, '').replaceAll(/[-_](\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** `ListTasks` of `list-tasks`. */
export function typeName(operationId: string): string {
  const name = camelCase(operationId);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * The table that the client reads: a line for each method of its name, HTTP method, path below /api/v1 with `:` for each
 * parameter, and letters for what else it takes; then query parameters that are repeated and not joined by commas.
 */
export function endpointTable(all: Method[]): string {
  const lines = all.map(({ name, definition, isList, sendsIfMatch }) => {
    const { method, path, query, body, repeatable = [] } = definition;
    const flags = [
      ...(query ? ['q'] : []),
      ...(body ? ['b'] : []),
      ...(isList ? ['l'] : []),
      ...(sendsIfMatch ? ['m'] : []),
      ...(takesIdempotencyKey(definition) ? ['k'] : []),
    ].join('');
    const place = path.slice(BASE.length - 1).replaceAll(/:\w+/g, ':');
    return [name.join('.'), method.toUpperCase(), place, flags || '-', ...repeatable].join(' ');
  });
  return `/*
 * The methods of the client: name, HTTP method, path below /api/v1, and what it takes: q a query, b a body, l pages of a list,
 * m If-Match of the object it is given, k an Idempotency-Key. Then the query parameters that are repeated.
 * Generated by \`npm run generate\` from the endpoint definitions.
 */

export const ENDPOINTS = \`
${lines.join('\n')}
\`;
`;
}
