import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { DOCUMENT } from './workspace.ts';

/* Linters with the strictest of the rules that they come with. */

const require = createRequire(import.meta.url);

/** What the document begins with, less one member, which a linter has to miss: of the whole it takes much longer. */
const faulty = { ...document, info: { ...document.info, contact: undefined }, paths: {}, components: {} };

test('Spectral, ruleset oas', async () => {
  const { Spectral } = require('@stoplight/spectral-core');
  const { oas } = require('@stoplight/spectral-rulesets');
  const spectral = new Spectral();
  spectral.setRuleset({ extends: [[oas, 'recommended']] });
  const found = async (value: object) =>
    (await spectral.run(value)).map(({ code, path }: { code: string; path: string[] }) => `${code} ${path.join('/')}`);
  expect(await found(document)).toEqual([]);
  expect(await found(faulty)).toContain('info-contact info');
});

test('Redocly, recommended-strict', async () => {
  const { createConfig, lint, lintFromString } = require('@redocly/openapi-core');
  const config = await createConfig({ extends: ['recommended-strict'] });
  expect(await lint({ ref: DOCUMENT, config })).toEqual([]);
  const source = JSON.stringify({ ...document, servers: [] });
  const found: { ruleId: string }[] = await lintFromString({ source, absoluteRef: DOCUMENT, config });
  expect(found.map(({ ruleId }) => ruleId)).toContain('no-empty-servers');
});
