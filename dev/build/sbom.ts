import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../run.ts';
import { type Parts, root } from './bundle.ts';

/** The members of a CycloneDX 1.5 document (https://cyclonedx.org/docs/1.5/json/) that are used here. */
interface Bom {
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

interface Component {
  'bom-ref': string;
  name: string;
  version: string;
}

/**
 * The software bill of materials of bundles: a CycloneDX document of the packages whose code is in one of them. It is the
 * one that npm makes of the lock file, without the packages that are in no bundle: tools, and packages of which only
 * types are used. (npm's `--omit=dev` would also leave out what a tool depends on too, such as Kysely.)
 * @throws Error with npm's message, or that names a package whose installed version is not the locked one
 */
export async function billOfMaterials(bundles: Parts[]): Promise<string> {
  const args = ['--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application', '--prefix', root];
  const bom: Bom = JSON.parse(await run('npm', ['sbom', ...args]));
  const bundled = await packagesIn(bundles);
  const project = bom.metadata.component;
  const components = bom.components.filter((component) => bundled.delete(component['bom-ref']));
  const [left] = bundled;
  if (left) throw new Error(`${left} is in the bundles and not in package-lock.json: run npm ci.`);
  const known = new Set([project['bom-ref'], ...components.map((component) => component['bom-ref'])]);
  const dependencies = bom.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((to) => known.has(to)) }));
  // npm names the project after its directory.
  const name = project['bom-ref'].slice(0, -`@${project.version}`.length);
  const metadata = { ...bom.metadata, component: { ...project, name } };
  return `${JSON.stringify({ ...bom, metadata, components, dependencies }, null, 2)}\n`;
}

/** Name and version of each package that has bytes in the bundles, as `name@version`. */
async function packagesIn(bundles: Parts[]): Promise<Set<string>> {
  const files = bundles.flatMap((parts) => Object.keys(parts).filter((path) => parts[path]));
  const directories = files.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const packages = await Promise.all(
    [...new Set(directories)].map(async (directory) => {
      const { name, version } = JSON.parse(await readFile(join(root, directory, 'package.json'), 'utf8'));
      return `${name}@${version}`;
    }),
  );
  return new Set(packages);
}
