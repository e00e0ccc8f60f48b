import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The key of an earlier run, which has encrypted what is in the database, or a new one: as WEBHOOK_KEYS takes it. */
export async function webhookKeys(dataDir: string): Promise<string> {
  const file = join(dataDir, 'webhook-keys');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    const keys = `dev:${randomBytes(32).toString('base64')}`;
    await writeFile(file, `${keys}\n`, { mode: 0o600 });
    return keys;
  }
}
