import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { functions } from '../../src/functions/index.ts';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { exampleOf, operations } from '../support/examples.ts';
import { exampleFaults } from '../support/openapi.ts';

/* What every file under src/functions must come with. Each failure says what is still to be done. */

/** An operation of the document, as far as it is read here. */
interface Operation {
  responses: Record<string, { content?: Record<string, { example?: unknown }> }>;
}

const files = readdirSync('src/functions', { recursive: true, encoding: 'utf8' })
  // As the build finds them: what is deeper belongs to one of them.
  .filter((file) => /^[^/]+\/[^/]+\.ts$/.test(file))
  .sort();

describe.each(files)('src/functions/%s', (file) => {
  const name = file.replace(/^.*\//, '').replace(/\.ts$/, '');
  const read = async () => (await import(/* @vite-ignore */ `../../src/functions/${file}`)).default;

  test('is one endpoint, named like its file', async () => {
    expect((await read())?.definition?.operationId, `export an endpoint named ${name} as its default`).toBe(name);
  });

  test('is in the registry', async () => {
    expect(functions.includes(await read()), `${name} is not in src/functions/registry.ts: npm run generate`).toBe(
      true,
    );
  });

  test('has a test of its own', () => {
    const own = `test/functions/${file.replace(/\.ts$/, '.test.ts')}`;
    expect(existsSync(own), `write ${own}: its success and each of its errors`).toBe(true);
  });

  test('has an example', () => {
    // Its error says what to do.
    expect(exampleOf({ operationId: name }).path).toBeTypeOf('function');
  });

  test('is in the OpenAPI document', async () => {
    const { path, method, protocol } = (await read()).definition;
    // Another protocol has a description of its own: test/functions/mcp holds the tools to it.
    if (protocol) return;
    const operation = [path.replaceAll(/:(\w+)/g, '{$1}'), method, 'operationId'];
    expect(document.paths, 'npm run generate writes the document').toHaveProperty(operation, name);
  });
});

test.each(operations.filter(({ access, success }) => access !== 'public' && success.schema))(
  '$operationId: its response has an example in the document',
  ({ operationId, path, method, success }) => {
    const documented = (document.paths as Record<string, Record<string, Operation>>)[
      path.replaceAll(/:(\w+)/g, '{$1}')
    ];
    const { example } = documented?.[method]?.responses[success.status]?.content?.['application/json'] ?? {};
    expect(example, `add an example of ${operationId} to dev/openapi/examples.ts`).toBeDefined();
  },
);

test('every example in the OpenAPI document is valid against its schema', () => {
  const faults = exampleFaults();
  expect(faults.checked).toBeGreaterThan(50);
  expect(faults.invalid).toEqual([]);
});
