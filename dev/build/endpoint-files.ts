import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Paths of all endpoints from the root of the project, `src/functions/projects/get-project.ts`, sorted. */
export async function endpointFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob('src/functions/*/*.ts', { cwd: root })) files.push(file);
  return files.sort();
}
