import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../build/bundle.ts';
import { buildNodeServer } from '../build/node-server.ts';

/*
 * `npm start`: builds the server on Node, which takes a moment, and becomes it. `npm start -- --help` says what it takes.
 *   --build   builds dist/node/server.mjs and ends
 */

const { file } = await buildNodeServer(join(root, 'dist')).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
if (!process.argv.includes('--build')) await import(pathToFileURL(file).href);
