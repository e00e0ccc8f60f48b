/* An API key to try, made through the API itself. */

const NAME = 'npm run dev';

interface Listed {
  id: string;
  name: string;
}

/**
 * Makes an API key for whoever starts `npm run dev`, and revokes the one of the start before, which nobody can read again.
 * @param token an administrator's
 * @returns undefined where the API does not make one, as while the rate limit is reached
 */
export async function freshApiKey(origin: string, token: string): Promise<string | undefined> {
  const call = async (path: string, method = 'GET', body?: object) => {
    const response = await fetch(`${origin}/api/v1/api-keys${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      signal: AbortSignal.timeout(5000),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} of API keys: ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  };
  try {
    const { data } = (await call('?status=active&limit=100&fields=id,name')) as { data: Listed[] };
    for (const { id } of data.filter(({ name }) => name === NAME)) await call(`/${id}`, 'DELETE');
    const { key } = (await call('', 'POST', { name: NAME })) as { key: string };
    return key;
  } catch {
    return undefined;
  }
}
