import { join } from 'node:path';
import { assetsApp } from '../assets.ts';

/* The static files of the page at /docs, which the build puts beside this function's code. */

export default assetsApp(join(import.meta.dirname, 'assets'));
