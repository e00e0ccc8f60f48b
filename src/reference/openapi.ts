import type { SampleRequest } from './samples.ts';

/* What the page reads of the OpenAPI document. */

interface Reference {
  $ref: string;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  example?: unknown;
  schema?: { example?: unknown; examples?: unknown[]; default?: unknown; format?: string };
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security?: unknown[];
  parameters?: (Parameter | Reference)[];
  requestBody?: { content: Record<string, { example?: unknown }> };
}

export interface OpenApi {
  info: { title: string; version: string };
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
}

/** An operation, and where it is. */
export interface Endpoint extends Operation {
  path: string;
  /** Lower case. */
  method: string;
}

/** All operations, in the order of the document. */
export function endpointsOf(document: OpenApi): Endpoint[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ ...operation, path, method })),
  );
}

/** The parameters of an operation, those that stand elsewhere in the document included. */
export function parametersOf(document: OpenApi, { parameters = [] }: Operation): Parameter[] {
  return parameters.map((parameter) => {
    if (!('$ref' in parameter)) return parameter;
    const names = parameter.$ref.split('/').slice(1);
    return names.reduce((at: unknown, name) => (at as Record<string, unknown>)[name], document) as Parameter;
  });
}

/**
 * Takes the examples out of optional parameters. Swagger UI writes an example into the form as if the reader had, so that a
 * list would be filtered by all of them at once.
 */
export function forgetOptionalExamples(document: OpenApi): void {
  for (const parameter of endpointsOf(document).flatMap((endpoint) => parametersOf(document, endpoint))) {
    if (parameter.required) continue;
    delete parameter.example;
    delete parameter.schema?.example;
    delete parameter.schema?.examples;
  }
}

/** The request of an operation with the examples of its document: what has none keeps its name, as `<id>`. */
export function sampleRequest(document: OpenApi, endpoint: Endpoint, origin: string): SampleRequest {
  const required = parametersOf(document, endpoint).filter((parameter) => parameter.required);
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name) => {
    const parameter = required.find((candidate) => candidate.in === 'path' && candidate.name === name);
    const example = parameter && exampleOf(parameter);
    return example === undefined ? `<${name}>` : encodeURIComponent(String(example));
  });
  const query = required
    .filter((parameter) => parameter.in === 'query')
    .map((parameter) => [parameter.name, String(exampleOf(parameter) ?? `<${parameter.name}>`)]);
  const media = endpoint.requestBody?.content['application/json'];
  return {
    method: endpoint.method.toUpperCase(),
    url: `${origin}${path}${query.length > 0 ? `?${new URLSearchParams(query)}` : ''}`,
    headers: media ? { 'Content-Type': 'application/json' } : {},
    ...(media ? { body: media.example ?? {} } : {}),
    needsToken: endpoint.security?.length !== 0,
  };
}

function exampleOf({ example, schema }: Parameter): unknown {
  return example ?? schema?.example ?? schema?.examples?.[0];
}
