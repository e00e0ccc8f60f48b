import { readFile } from 'node:fs/promises';
import { type Plugin, transform } from 'esbuild';

/*
 * @neondatabase/serverless is published as one bundle. Of its 150 KB we need `neon`, SQL over HTTP; the rest is
 * PostgreSQL's protocol over WebSockets with shims of Node's modules. esbuild cannot know that, because what wraps the
 * modules in that file looks like any call. This says so, and puts stubs for the shims that only the rest uses.
 *
 * It relies on the make of that file, and fails the build where another version is made otherwise.
 */

/** Stands for the Buffer of browsers, where the runtime has none: we neither send nor receive bytea. */
const BUFFER = `{
  static { for (const name of ['alloc', 'allocUnsafe', 'concat', 'from']) this[name] = () => { throw new Error('Bytes are left out of this build of the driver.'); }; }
}`;

/** Stands for what the driver's sockets extend. Its settings are a static part of their class. */
const EVENT_EMITTER = `{
  constructor() { throw new Error('WebSockets are left out of this build of the driver.'); }
}`;

/** Leaves out of the driver what SQL over HTTP does not need. */
export const leanNeon: Plugin = {
  name: 'lean-neon',
  setup(build) {
    build.onLoad({ filter: /@neondatabase\/serverless\/index\.mjs$/ }, async ({ path }) => ({
      contents: await leanDriver(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};

/**
 * The driver with the exports `neon` and `neonConfig` alone, ready to be shaken.
 * @throws Error where the source is not made as that of the version this was written for
 */
export async function leanDriver(source: string): Promise<string> {
  // As esbuild prints it, each statement of the file begins on a line of its own, and only those are not indented; where
  // it shakes, each of them declares one name.
  const { code } = await transform(source, { legalComments: 'none', treeShaking: true });
  const statements = code.split(/\n(?=[^\s}])/);

  function the(what: string, pattern: RegExp): { index: number; name: string } {
    const [found, ...more] = statements.flatMap((text, index) => {
      const match = pattern.exec(text);
      return match ? [{ index, name: match[1] ?? '' }] : [];
    });
    if (found && more.length === 0) return found;
    throw new Error(
      `@neondatabase/serverless is not made as expected: ${found ? 'more than one' : 'no'} ${what}. See dev/build/lean-neon.ts.`,
    );
  }

  const commonJs = the(
    'wrapper of CommonJS modules',
    /^var (\w+) = \(\w+, \w+\) => \(\) => \{\s+try \{\s+return \w+ \|\|/,
  );
  const esm = the('wrapper of ES modules', /^var (\w+) = \(\w+, \w+, \w+\) => \(\) => \{\s+if \(\w+\) throw/);
  const wrapped = new RegExp(`^(var \\w+ = )((?:${commonJs.name}|${esm.name})\\()`);
  const module = (marker: string) => new RegExp(`^var (\\w+) = (?:${commonJs.name}|${esm.name})\\([^]*${marker}`);

  const buffer = the('module buffer', module('"SlowBuffer"'));
  statements[buffer.index] = `var ${buffer.name} = () => ({ Buffer: class ${BUFFER} });`;
  const events = the('module events', module('"EventEmitter"'));
  statements[events.index] = `var ${events.name} = () => ({ EventEmitter: class ${EVENT_EMITTER} });`;
  // It hashes passwords, which SQL over HTTP does not.
  const hashes = the('module crypto', module('"createHmac"'));
  statements[hashes.index] = `var ${hashes.name} = () => {};`;
  statements[the('exports of crypto', /^(\w+)\(\w+, \{ createHash: /).index] = '';

  const last = the('end of neon()', /^(\w+)\(\w+, "getAuthToken"\);/);
  const neon = the('export of neon', /^export \{[^}]*?(\w+) as neon,/);
  const neonConfig = the('export of neonConfig', /^export \{[^}]*?(\w+) as neonConfig,/);
  return [
    ...statements.slice(0, last.index + 1).map((text) => text.replace(wrapped, '$1/* @__PURE__ */ $2')),
    `export { ${neon.name} as neon, ${neonConfig.name} as neonConfig };`,
  ].join('\n');
}
