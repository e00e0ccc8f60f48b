import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../dev/build/bundle.ts';

const page = await readFile(join(root, 'docs/api-conventions.md'), 'utf8');
const [, section = ''] = /^### Error entries$(.*?)^### /ms.exec(page) ?? [];
const [, list = ''] = /The codes of entries are:(.*)/s.exec(section) ?? [];

/** The codes of error entries that docs/api-conventions.md lists, which are all that a caller may meet. */
export const ENTRY_CODES: readonly string[] = [...list.matchAll(/`([a-z_]+)`/g)].map(([, code = '']) => code);
