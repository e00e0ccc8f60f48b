import { expect, test } from 'vitest';
import type { Config } from '../../src/http/config.ts';
import { verifyToken } from '../../src/http/tokens.ts';
import { JWT_SECRET, signToken } from '../support/api.ts';

/* What a token says of its bearer. What no token may say is in test/functions/tokens*.test.ts, against the whole API. */

const tokens: Config['tokens'] = { keys: { secret: JWT_SECRET } };
const tenant_id = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
const principal = async (claims: Record<string, unknown>) => verifyToken(await signToken(claims), tokens);

test('claims become the principal', async () => {
  expect(await principal({ tenant_id })).toEqual({ role: 'member', tenantId: tenant_id });
  expect(await principal({ tenant_id, role: 'viewer' })).toEqual({ role: 'viewer', tenantId: tenant_id });
  expect(await principal({ role: 'platform' })).toEqual({ role: 'platform' });
  expect(await principal({ role: 'platform', sub: 'root' })).toEqual({ role: 'platform', subject: 'root' });
  expect(await principal({ tenant_id: tenant_id.toUpperCase(), role: 'admin', sub: 'é' })).toEqual({
    role: 'admin',
    tenantId: tenant_id,
    subject: 'é',
  });
  expect(await principal({ tenant_id, sub: '' })).toEqual({ role: 'member', tenantId: tenant_id, subject: '' });
});
