import type { BuildOptions } from 'esbuild';
import { root } from './bundle.ts';

/** How esbuild makes one ES module for Node 24 of a source and of all that it needs. */
export const NODE_BUNDLE = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  outExtension: { '.js': '.mjs' },
  // An optional native part of pg, which is not installed.
  external: ['pg-native'],
  legalComments: 'none',
  metafile: true,
  logLevel: 'silent',
  // pg is CommonJS and requires modules of Node's, which an ES module cannot do by itself.
  banner: { js: `import{createRequire}from'node:module';const require=createRequire(import.meta.url);` },
} as const satisfies BuildOptions;

/**
 * The conditions by which imports are resolved. `module` is what esbuild adds by itself where none is named.
 * @param driver which one `#database-driver` stands for
 */
export function nodeConditions(driver: 'pg' | 'neon'): string[] {
  return ['module', ...(driver === 'pg' ? ['pg-driver'] : [])];
}
