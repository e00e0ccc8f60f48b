import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEFAULT = fileURLToPath(new URL('../../.onetrip', import.meta.url));

/** Where the embedded database keeps its data: absolute. @param given `ONETRIP_DATA_DIR`, from the working directory on */
export function dataDirectory(given: string | undefined): string {
  return given ? resolve(given) : DEFAULT;
}
