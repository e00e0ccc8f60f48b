import { tools } from '../../src/functions/mcp/tools/tools.ts';
import { DRY_RUN, IF_VERSION, pathArguments, type Tool } from '../../src/http/mcp/tool.ts';

/*
 * Describes the tools of the Model Context Protocol: their schemas are those of the endpoints in the OpenAPI document, as a
 * language model and its client take them. Every schema stands by itself, without references, which some models do not follow.
 */

type Schema = Record<string, unknown>;

/** The document, as far as it is read here. */
interface Document {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
interface Operation {
  parameters?: {
    in: string;
    name: string;
    schema: Schema;
    description?: string;
    example?: unknown;
    required?: boolean;
  }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

const VERSION: Schema = {
  type: 'integer',
  minimum: 1,
  description: 'Do it only if `version` is still this one; otherwise it is refused with `precondition_failed`.',
};

const TRIED: Schema = {
  type: 'boolean',
  description: 'Only tries it: all is checked and answered as it would be, and nothing of it stays.',
};

/** The file that `src/functions/mcp/mcp.ts` reads. @param json the OpenAPI document */
export function toolsFile(json: string): string {
  const document: Document = JSON.parse(json);
  const descriptions = Object.fromEntries(tools.map((tool) => [tool.name, describe(tool, document)]));
  return `${JSON.stringify({ version: document.info.version, descriptions }, null, 2)}\n`;
}

function describe(tool: Tool, document: Document): Schema {
  const { definition } = tool.endpoint;
  const operation = document.paths[definition.path.replaceAll(/:(\w+)/g, '{$1}')]?.[definition.method];
  if (!operation) throw new Error(`The endpoint of the tool ${tool.name} is not in the OpenAPI document.`);
  const output = outputSchema(tool, operation, document);
  return {
    title: definition.summary,
    description: tool.description,
    inputSchema: inputSchema(tool, operation, document),
    ...(output ? { outputSchema: output } : {}),
    annotations: annotations(tool),
  };
}

/** What a client may ask its user about before it calls a tool. By the method, as HTTP has it (RFC 9110 §9.2). */
function annotations({ endpoint: { definition }, canBeTried = false }: Tool): Schema {
  const { method, summary } = definition;
  return {
    title: summary,
    readOnlyHint: method === 'get',
    // A PUT puts something beside what is there; what a PATCH replaces is in the audit log alone. A plan can have both in it.
    destructiveHint: method === 'patch' || method === 'delete' || canBeTried,
    idempotentHint: method !== 'post',
    openWorldHint: false,
  };
}

/** All that the endpoint takes, in path, query and body, as the properties of one object. */
function inputSchema(tool: Tool, operation: Operation, document: Document): Schema {
  const { path, ifMatch } = tool.endpoint.definition;
  const names = pathArguments(path);
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  const add = (name: string, schema: Schema, isRequired: boolean) => {
    if (name in properties) throw new Error(`The tool ${tool.name} would have two arguments called ${name}.`);
    properties[name] = schema;
    if (isRequired) required.push(name);
  };
  for (const parameter of operation.parameters ?? []) {
    const { in: place, name, schema, description, example } = parameter;
    if (place === 'header') continue;
    const examples = example === undefined || 'format' in schema ? {} : { examples: [example] };
    const said = { ...schema, ...(description ? { description } : {}), ...examples };
    add(place === 'path' ? (names[name] as string) : name, inlined(said, document), place === 'path');
  }
  const body = operation.requestBody?.content['application/json']?.schema;
  const whole = body ? inlined(body, document) : {};
  for (const [name, schema] of Object.entries((whole.properties ?? {}) as Record<string, Schema>)) {
    add(name, schema, ((whole.required ?? []) as string[]).includes(name));
  }
  if (ifMatch) add(IF_VERSION, VERSION, false);
  if (tool.canBeTried) add(DRY_RUN, TRIED, false);
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false };
}

/** What the response is. Without descriptions, which are as long again: the names say it. */
function outputSchema(tool: Tool, operation: Operation, document: Document): Schema | undefined {
  const { status } = tool.endpoint.definition.success;
  const schema = operation.responses[String(status)]?.content?.['application/json']?.schema;
  if (!schema) return undefined;
  const output = bare(inlined(schema, document)) as Schema;
  const { data } = (output.properties ?? {}) as Record<string, { items?: Schema }>;
  // With `fields` items lack what was not asked for.
  if (tool.endpoint.definition.query && 'fields' in tool.endpoint.definition.query.shape) delete data?.items?.required;
  return output;
}

/** A schema with what its references point to in their place. A component within itself is any object. */
function inlined(schema: Schema, document: Document, within: string[] = []): Schema {
  const visit = (value: unknown, inside: string[]): unknown => {
    if (Array.isArray(value)) return value.map((one) => visit(one, inside));
    if (typeof value !== 'object' || value === null) return value;
    const { $ref, ...rest } = value as Schema;
    if (typeof $ref === 'string') {
      const name = $ref.replace(/^.*\//, '');
      // Any JSON, whose depth only the endpoint bounds.
      if (name === 'JsonValue') return {};
      if (inside.includes(name)) return { type: 'object' };
      return { ...(visit(document.components.schemas[name], [...inside, name]) as Schema), ...rest };
    }
    return Object.fromEntries(
      Object.entries(rest)
        .filter(([name, member]) => !(name === 'pattern' && isOfCharacters(member)))
        .map(([name, member]) => [name, visit(member, inside)]),
    );
  };
  return visit(schema, within) as Schema;
}

/** A pattern that says no more than which characters a text may have: the endpoint does, where it matters. */
function isOfCharacters(pattern: unknown): boolean {
  return typeof pattern === 'string' && pattern.includes('\\u0000');
}

/** A schema without what is said for readers; `properties` may themselves be called so. */
function bare(value: unknown, isProperties = false): unknown {
  if (Array.isArray(value)) return value.map((one) => bare(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => isProperties || !['description', 'examples', 'pattern'].includes(name))
      .map(([name, member]) => [name, bare(member, name === 'properties' && !isProperties)]),
  );
}
