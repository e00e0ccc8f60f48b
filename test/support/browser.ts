import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/*
 * Chromium for tests: the one whose path is in CHROMIUM_PATH, or else the one among the dependencies, which is for Linux
 * on x64 alone. It needs no rights and no libraries of the system; it is unpacked into the directory for temporary files.
 */

/** Whether there is a Chromium here. */
export const hasChromium =
  process.env.CHROMIUM_PATH !== undefined || (process.platform === 'linux' && process.arch === 'x64');

/** Starts a headless Chromium. Whoever asks for it closes it. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? (await chromium.executablePath());
  return playwright.launch({ executablePath, args: chromium.args, headless: true });
}
