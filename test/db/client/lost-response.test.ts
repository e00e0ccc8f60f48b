import { neonConfig } from '@neondatabase/serverless';
import { expect, onTestFinished, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

/** Sends each request to the database, and loses what it answers. */
function loseAnswers(): () => void {
  const original = neonConfig.fetchFunction;
  neonConfig.fetchFunction = async (url: string, init: RequestInit) => {
    await original(url, init);
    throw new TypeError('connection lost');
  };
  return () => {
    neonConfig.fetchFunction = original;
  };
}

test('a write whose answer was lost is 503, and its retry with the same key makes no second row', async () => {
  const tenant = await api.tenant();
  const headers = { 'Idempotency-Key': 'k' };
  const restore = loseAnswers();
  onTestFinished(restore);
  const lost = await tenant.post('/api/v1/projects', { name: 'Once' }, { headers });
  expect(lost).toMatchObject({ status: 503, json: { code: 'unavailable' } });
  expect(lost.headers.get('Retry-After')).not.toBeNull();
  restore();
  const retried = await tenant.post('/api/v1/projects', { name: 'Once' }, { headers });
  expect(retried.status).toBe(201);
  expect(retried.headers.get('Idempotency-Replayed')).toBe('true');
  const { json } = await tenant.get('/api/v1/projects');
  expect(json.data.map(({ id }: { id: string }) => id)).toEqual([retried.json.id]);
});
