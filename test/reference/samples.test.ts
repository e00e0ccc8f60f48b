import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { endpointsOf, type OpenApi, sampleRequest } from '../../src/reference/openapi.ts';
import { type SampleRequest, sample } from '../../src/reference/samples.ts';

const api = document as unknown as OpenApi;
const ORIGIN = 'https://api.example.com';

const ODD: SampleRequest = {
  method: 'POST',
  url: `${ORIGIN}/api/v1/tags`,
  headers: { 'Content-Type': 'application/json' },
  body: { name: `it's "odd" $HOME \\ \`x\``, color: null, flags: [true, false], none: {} },
  needsToken: true,
};

test('every operation has its method, its URL and its body in them', () => {
  for (const endpoint of endpointsOf(api)) {
    const request = sampleRequest(api, endpoint, ORIGIN);
    expect(request.url).not.toContain('{');
    expect(request.url.startsWith(ORIGIN + endpoint.path.split('{')[0])).toBe(true);
    for (const language of ['curl', 'TypeScript', 'Python'] as const)
      expect(sample(language, request)).toContain(request.url);
    expect([endpoint.operationId, request.body !== undefined]).toEqual([
      endpoint.operationId,
      endpoint.requestBody?.content['application/json'] !== undefined,
    ]);
  }
});

test('a shell and JavaScript read what was meant', () => {
  const words = execFileSync('bash', ['-c', `curl() { printf '%s\\0' "$@"; }; TOKEN=t; ${sample('curl', ODD)}`], {
    encoding: 'utf8',
  }).split('\0');
  expect(words.slice(0, 3)).toEqual(['-X', 'POST', ODD.url]);
  expect(words).toContain('Authorization: Bearer t');
  expect(JSON.parse(words[words.indexOf('-d') + 1] ?? '')).toEqual(ODD.body);

  const [, body = ''] = /JSON\.stringify\((\{.*\})\),\n\}\);/s.exec(sample('TypeScript', ODD)) ?? [];
  expect(JSON.parse(body)).toEqual(ODD.body);
});

test('Python has words of its own for null, true and false', () => {
  const text = sample('Python', ODD);
  expect(text).toContain('"color": None');
  expect(text).toContain('True,\n');
  expect(text).toContain('"none": {}');
  expect(text).not.toMatch(/null|true|false/);
});
