import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Paths of all endpoints from the root of the project, `src/functions/projects/get-project.ts`. They are sorted, those
 * that tell of the API itself last, because the OpenAPI document and its page list them in this order.
 */
export async function endpointFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob('src/functions/*/*.ts', { cwd: root })) files.push(file);
  const isMeta = (file: string) => Number(file.startsWith('src/functions/meta/'));
  return files.sort((a, b) => isMeta(a) - isMeta(b) || (a < b ? -1 : 1));
}
