import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import manifest from '../../package.json' with { type: 'json' };

/** Whether one is sure to be here. */
export const hasChromium =
  process.env.CHROMIUM_PATH !== undefined || (process.platform === 'linux' && process.arch === 'x64');

/**
 * Starts a headless Chromium: that of `CHROMIUM_PATH`; or else, on Linux with an x64 processor, the one that npm has
 * installed, which brings the libraries and fonts it needs; or else the Chrome of this machine. Whoever starts it closes it.
 * @param args of its command line
 * @throws Error that says what is missing
 */
export async function launchChromium(args: string[] = []): Promise<Browser> {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return chromium.launch({ executablePath: CHROMIUM_PATH, args });
  if (process.platform !== 'linux' || process.arch !== 'x64') return chromium.launch({ channel: 'chrome', args });
  const directory = await unpacked();
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: join(directory, 'al2023', 'lib'),
    FONTCONFIG_FILE: join(directory, 'fonts.conf'),
  };
  return chromium.launch({ executablePath: join(directory, 'chromium'), env, args });
}

/**
 * The directory into which the Chromium of @sparticuz/chromium is unpacked, once for each version. The package unpacks
 * into the directory for temporary files, and takes a file that another process is still writing for a finished one: so
 * each process unpacks into a draft, and the first one to finish gives it its name.
 */
async function unpacked(): Promise<string> {
  const directory = join(tmpdir(), `onetrip-chromium-${manifest.devDependencies['@sparticuz/chromium']}`);
  if (existsSync(directory)) return directory;
  const draft = await mkdtemp(`${directory}-`);
  const script = `import chromium from '@sparticuz/chromium'; await chromium.executablePath();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    // The libraries are unpacked for the runtime of AWS Lambda alone, which has none of them.
    env: { ...process.env, TMPDIR: draft, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
  });
  // The package's own configuration knows its fonts by the path that they have on AWS Lambda.
  const fonts = [join(directory, 'fonts'), '/usr/share/fonts'].map((path) => `<dir>${path}</dir>`).join('');
  await writeFile(join(draft, 'fonts.conf'), `<?xml version="1.0"?><fontconfig>${fonts}</fontconfig>\n`);
  await rename(draft, directory).catch((error) => {
    if (!existsSync(directory)) throw error;
    return rm(draft, { recursive: true });
  });
  return directory;
}
