import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { app } from '../../src/functions/index.ts';
import { signToken, useApi } from '../support/api.ts';
import { TEMPLATE } from '../support/global-setup.ts';

/*
 * Which database a read asks. The replica is another clone of the template here, with other rows: what lags by hours
 * rather than milliseconds can be told apart.
 */

describe('Onetrip-Consistency', () => {
  const api = useApi();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const tenantId = randomUUID();
  let bindings: typeof api.bindings;

  beforeAll(async () => {
    await api.database.admin.query(`create database ${name} template ${TEMPLATE}`);
    const url = new URL(inject('adminUrl'));
    url.pathname = name;
    const replica = new pg.Client({ connectionString: url.href });
    await replica.connect();
    for (const [client, tag] of [
      [api.database.admin, 'primary'],
      [replica, 'replica'],
    ] as const) {
      await client.query('insert into tenants (id, name) values ($1, $2)', [tenantId, 'Acme']);
      await client.query('insert into tags (tenant_id, name) values ($1, $2)', [tenantId, tag]);
    }
    await replica.end();
    const own = new URL(api.bindings.DATABASE_URL ?? '');
    own.pathname = name;
    bindings = { ...api.bindings, DATABASE_URL_READONLY: own.href };
  });
  afterAll(() => api.database.admin.query(`drop database if exists ${name} with (force)`));

  async function tags(consistency?: string, init: RequestInit = {}, env = bindings) {
    const Authorization = `Bearer ${await signToken({ tenant_id: tenantId })}`;
    const headers = {
      Authorization,
      'Content-Type': 'application/json',
      ...(consistency === undefined ? {} : { 'Onetrip-Consistency': consistency }),
    };
    const response = await app.request('/api/v1/tags', { ...init, headers }, env);
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects
    return { status: response.status, json: (await response.json()) as any };
  }
  const names = ({ json }: Awaited<ReturnType<typeof tags>>) => json.data.map((tag: { name: string }) => tag.name);

  test('eventual reads the replica, everything else the primary', async () => {
    expect(names(await tags())).toEqual(['primary']);
    expect(names(await tags('strong'))).toEqual(['primary']);
    expect(names(await tags('eventual'))).toEqual(['replica']);
    expect(names(await tags('Eventual '))).toEqual(['replica']);
  });

  test('a write goes to the primary, whatever it says', async () => {
    expect((await tags('eventual', { method: 'POST', body: '{"name":"new"}' })).status).toBe(201);
    expect(names(await tags())).toEqual(['new', 'primary']);
    expect(names(await tags('eventual'))).toEqual(['replica']);
  });

  test('without a replica the primary answers', async () => {
    expect(names(await tags('eventual', {}, api.bindings))).toContain('primary');
  });

  test('another word is 400', async () => {
    expect(await tags('weak')).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  });
});
