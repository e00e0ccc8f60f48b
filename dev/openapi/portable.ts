/*
 * Says what zod says of a schema in the words that generators of clients understand. The meaning stays the same.
 */

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Changes a whole document in place. */
export function makePortable(document: object): void {
  const { paths, components } = document as { paths: Json; components: Record<string, Json> };
  visit(components.schemas, portableSchema);
  visit(components.schemas, saysDefault);
  visit(components.headers, describedOutside);
  visit(components.responses, describedOutside);
  visit(paths, portableSchema);
  visit(paths, describedOutside);
}

/** Calls `change` for every object, the inner ones first. What examples hold is left alone. */
function visit(value: unknown, change: (object: Json) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, change);
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (name !== 'example' && name !== 'examples') visit(member, change);
  }
  change(value);
}

function portableSchema(schema: Json): void {
  // ogen and oapi-codegen know no list of types.
  if (Array.isArray(schema.type)) {
    const { type, description, default: preset, ...rest } = schema;
    for (const name of Object.keys(rest)) delete schema[name];
    delete schema.type;
    schema.anyOf = (type as string[]).map((one) => (one === 'null' ? { type: one } : { type: one, ...rest }));
  }
  // ogen makes a sum type of `oneOf` alone. No value fits two branches: they are of different types.
  const types = Array.isArray(schema.anyOf) ? schema.anyOf.map((branch) => branch.type) : ['null'];
  if (!types.includes('null')) {
    schema.oneOf = schema.anyOf;
    delete schema.anyOf;
  }
  // What may be null is described where it stands, not in its one branch.
  for (const branch of Array.isArray(schema.anyOf) ? (schema.anyOf as Json[]) : []) {
    if (branch.description) schema.description ??= branch.description;
    delete branch.description;
  }
  // The format says it, and Go has a type for it, which takes no pattern.
  if (schema.format === 'uuid' || schema.format === 'date-time' || schema.format === 'date') delete schema.pattern;
  // What any integer of JSON is.
  if (schema.minimum === Number.MIN_SAFE_INTEGER && schema.type === 'integer') delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER && schema.type === 'integer') delete schema.maximum;
}

/** `default` becomes a sentence: openapi-typescript takes a member that has one for one that must be sent. */
function saysDefault(schema: Json): void {
  if (!('default' in schema) || !isSchema(schema)) return;
  const value = typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default);
  const preset = `Default: \`${value}\`.`;
  schema.description = schema.description ? `${schema.description} ${preset}` : preset;
  delete schema.default;
}

/** A schema, and not an object of named members, one of which may be called `default`. */
function isSchema(schema: Json): boolean {
  return ['type', 'anyOf', 'oneOf', '$ref'].some((keyword) => keyword in schema);
}

/** Moves what is said of a parameter or a header out of its schema, where few tools look for it. */
function describedOutside(value: Json): void {
  const { schema } = value;
  if (!isObject(schema) || !('in' in value || isHeader(value))) return;
  const { description, examples } = schema;
  if (description) value.description = description;
  delete schema.description;
  if (Array.isArray(examples)) value.example = examples[0];
  delete schema.examples;
}

/** Of what has a schema, only the content of a media type is neither a parameter nor a header; it has an example. */
function isHeader(value: Json): boolean {
  return Object.keys(value).every((name) => ['schema', 'required', 'description'].includes(name));
}
