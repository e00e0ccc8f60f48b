import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { DOCUMENT } from './workspace.ts';

/* Linters with the strictest of the rules that they come with. */

const require = createRequire(import.meta.url);

/** The document with one fault, which a linter has to find. */
function withoutTagDescription() {
  const { description: _, ...tag } = document.tags[0] as (typeof document.tags)[0];
  return { ...document, tags: [tag, ...document.tags.slice(1)], info: { ...document.info, contact: undefined } };
}

test('Spectral, ruleset oas', async () => {
  const { Spectral } = require('@stoplight/spectral-core');
  const { oas } = require('@stoplight/spectral-rulesets');
  const spectral = new Spectral();
  spectral.setRuleset({ extends: [[oas, 'recommended']] });
  const found = async (value: object) =>
    (await spectral.run(value)).map(({ code, path }: { code: string; path: string[] }) => `${code} ${path.join('/')}`);
  expect(await found(document)).toEqual([]);
  expect(await found(withoutTagDescription())).toEqual(['info-contact info']);
});

test('Redocly, recommended-strict', async () => {
  const { createConfig, lint, lintFromString } = require('@redocly/openapi-core');
  const config = await createConfig({ extends: ['recommended-strict'] });
  expect(await lint({ ref: DOCUMENT, config })).toEqual([]);
  const source = JSON.stringify({ ...document, servers: [] });
  const found: { ruleId: string }[] = await lintFromString({ source, absoluteRef: DOCUMENT, config });
  expect(found.map(({ ruleId }) => ruleId)).toContain('no-empty-servers');
});
