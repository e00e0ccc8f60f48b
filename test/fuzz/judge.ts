import { expect } from 'vitest';
import type { Reply } from '../support/api.ts';
import type { Fuzzed } from './requests.ts';

/* What must hold of every answer, beyond being as the OpenAPI document says. */

const ECHOED = /^[A-Za-z0-9._-]{1,128}$/;
const BEHIND = /select |sqlstate|postgres|constraint|violates|node_modules/i;

/** What only the state of the row can tell, after a patch that is valid by itself: pointer and code. */
const BY_STATE = ['/tags too_long', '/metadata too_large'];

/** Throws where the answer is not one that the request can have. */
export function judge({ intent, headers, method }: Fuzzed, reply: Reply, body?: string | Uint8Array): void {
  const { status, headers: answered, json, text } = reply;
  expect(status, 'a fault of ours').toBeLessThan(500);
  const id = answered.get('X-Request-Id');
  expect(id, 'a request id').toMatch(ECHOED);
  if (ECHOED.test(headers['X-Request-Id'] ?? '')) expect(id, 'the request id').toBe(headers['X-Request-Id']);
  if (status >= 400) expect(text, 'no word of what lies behind').not.toMatch(BEHIND);

  if (intent === 'broken') expect([400, 415], 'broken by construction').toContain(status);
  if (intent !== 'valid') return;
  if (status === 400 && (method === 'PATCH' || json.operation !== undefined)) {
    const [{ pointer, code }] = json.errors;
    const ofBody = pointer.replace(/^\/operations\/\d+\/body/, '');
    expect(BY_STATE, 'valid by construction').toContain(`${ofBody} ${code}`);
    return;
  }
  // The sequence may have deactivated whoever it signs in as, which a `PUT /me` before has made.
  if (status === 403 && /has been deactivated/.test(json.detail)) return;
  expect([200, 201, 202, 204, 304, 404, 409, 412, 422], 'valid by construction').toContain(status);
  const stored = (status === 200 || status === 201) && !answered.has('Idempotency-Replayed');
  if (!stored || typeof body !== 'string') return;
  const sent = JSON.parse(body);
  if (!('operations' in sent)) expectStored(sent, json, method);
  else
    for (const [n, operation] of (sent.operations as { method: string; body?: Members }[]).entries()) {
      const shown = json.results[n].body;
      if (operation.body && shown) expectStored(operation.body, shown, operation.method);
    }
}

type Members = Record<string, unknown>;
const clean = (text: unknown) => String(text).trim().normalize('NFC');

/** What was sent is what is shown: as it is, or trimmed and in NFC. */
function expectStored(sent: Members, shown: Members, method: string): void {
  for (const name of ['description', 'status', 'priority', 'due_on', 'color', 'position', 'body']) {
    if (name in sent) expect(shown[name], name).toEqual(sent[name]);
  }
  for (const name of ['name', 'title']) {
    if (name in sent) expect(shown[name], name).toBe(clean(sent[name]));
  }
  // A patch of metadata is merged into what was there.
  if ('metadata' in sent && method === 'POST') expect(shown.metadata, 'metadata').toEqual(sent.metadata);
  if (Array.isArray(sent.tags)) {
    const names = (shown.tags as { name: string }[]).map(({ name }) => name);
    expect(names.sort(), 'tags').toEqual(sent.tags.map(clean).sort());
  }
}
