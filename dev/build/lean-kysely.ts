import type { Plugin } from 'esbuild';

/*
 * Leaves out of Kysely what its central class refers to and no endpoint uses. Using it all the same throws at once.
 */

/** Modules under kysely/dist, and the one class that each exports. */
const LEFT_OUT: Record<string, string> = {
  'schema/schema-module.js': 'SchemaModule',
  'plugin/with-schema/with-schema-plugin.js': 'WithSchemaPlugin',
  'dialect/postgres/postgres-introspector.js': 'PostgresIntrospector',
};

const FILTER = new RegExp(
  `[\\\\/]kysely[\\\\/]dist[\\\\/](?:${Object.keys(LEFT_OUT).join('|').replaceAll('/', '[\\\\/]')})$`,
);

/** @throws Error, at the end of the build, where Kysely is in the bundle but not made as expected. */
export const leanKysely: Plugin = {
  name: 'lean-kysely',
  setup(build) {
    build.onLoad({ filter: FILTER }, ({ path }) => {
      const name = LEFT_OUT[path.replaceAll('\\', '/').replace(/^.*\/kysely\/dist\//, '')];
      const message = `${name} of Kysely is left out of this build: see dev/build/lean-kysely.ts.`;
      return { contents: `export class ${name} { constructor() { throw new Error('${message}'); } }`, loader: 'js' };
    });
    build.onEnd(({ metafile }) => {
      const loaded = Object.keys(metafile?.inputs ?? {}).filter((path) => path.includes('/kysely/dist/'));
      const missing = Object.keys(LEFT_OUT).filter((module) => !loaded.some((path) => path.endsWith(module)));
      if (loaded.length === 0) return {};
      return { errors: missing.map((module) => ({ text: `Kysely has no ${module}: see dev/build/lean-kysely.ts.` })) };
    });
  },
};
