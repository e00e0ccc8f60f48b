import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { useApi } from '../support/api.ts';
import { hasChromium, launchChromium } from '../support/chromium.ts';

/* The page at /docs in a browser, from the one Worker. */

const api = useApi();
let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await launchChromium();
}, 120_000);
afterAll(() => browser?.close());
vi.setConfig({ testTimeout: 60_000 });

interface View {
  page: Page;
  /** What is wrong: errors and warnings in the console, requests to other hosts, responses that are errors. */
  faults: string[];
}

const inBrowser = test.skipIf(!hasChromium);

/** Opens the page in a context of its own. Closes it when the work has been done. */
async function open(hash: string, options: BrowserContextOptions, work: (view: View) => Promise<void>): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${api.origin}/`)) faults.push(`asks ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
  });
  try {
    await page.goto(`${api.origin}/docs${hash}`);
    await page.waitForSelector('[data-ready]');
    await work({ page, faults });
  } finally {
    await context.close();
  }
}

inBrowser('takes the token out of the address, finds an operation, and runs it', async () => {
  const tenant = await api.tenant();
  await tenant.post('/api/v1/projects', { name: 'Seen in a browser' });
  await open(`#token=${await tenant.token()}`, { viewport: { width: 1366, height: 900 } }, async ({ page, faults }) => {
    expect(page.url()).toBe(`${api.origin}/docs`);
    expect(await page.textContent('#guide h1')).toBe('API conventions');
    await page.fill('#search', 'list projects');
    await page.click('#entries a:has-text("List projects")');
    expect(page.url()).toBe(`${api.origin}/docs#operation/list-projects`);
    await expect.poll(() => page.locator('.opblock').count()).toBe(1);
    await page.click('.btn.execute');
    const live = page.locator('.live-responses-table');
    await live.locator('.response-col_status:has-text("200")').waitFor();
    expect(await live.textContent()).toContain('Seen in a browser');
    // Back is the chapter from before, and not an address with the token.
    await page.goBack();
    expect(page.url()).toBe(`${api.origin}/docs`);
    await page.waitForSelector('#guide:not([hidden])');
    expect(faults).toEqual([]);
  });
});

inBrowser('an address that names nothing leads to the first chapter, and later tokens are dropped', async () => {
  await open('#%', {}, async ({ page, faults }) => {
    expect(await page.textContent('#guide h1')).toBe('API conventions');
    await page.evaluate(() => {
      location.hash = '#token=of-another-tenant';
    });
    await page.waitForFunction(() => location.hash === '');
    await page.evaluate(() => {
      location.hash = '#operation/gone';
    });
    expect(await page.textContent('#guide h1')).toBe('API conventions');
    await page.evaluate(() => {
      location.hash = '#operation/list-tags';
    });
    await page.click('.btn.execute');
    await page.locator('.live-responses-table .response-col_status:has-text("401")').waitFor();
    expect(faults.filter((fault) => !/401/.test(fault))).toEqual([]);
  });
});

inBrowser('a link opens an operation, with schemas and code to copy', async () => {
  const permissions = ['clipboard-read', 'clipboard-write'];
  await open('#operation/create-project', { permissions }, async ({ page, faults }) => {
    await page.waitForSelector('.opblock-post.is-open .samples');
    for (const [language, call] of [
      ['curl', 'curl -X POST'],
      ['TypeScript', "method: 'POST'"],
      ['Python', 'requests.post('],
    ] as const) {
      await page.click(`.samples button:text-is("${language}")`);
      await page.click('.samples .copy');
      const text = await page.evaluate(() => navigator.clipboard.readText());
      expect(text).toContain(`${api.origin}/api/v1/projects`);
      expect(text).toContain(call);
      expect(text).toContain('Website Redesign');
    }
    const created = page.locator('.responses-table tr.response[data-code="201"]');
    await created.getByText('Schema', { exact: true }).click();
    expect(await created.textContent()).toContain('task_count');
    expect(faults).toEqual([]);
  });
});

/** The rules of WCAG 2.2, A and AA, of which none is left out. */
const RULES = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };

inBrowser.each([
  [
    '#errors',
    [
      ['light', 1366],
      ['dark', 390],
    ],
  ],
  // The one with the most filters.
  ['#operation/list-tasks', [['dark', 1366]]],
  [
    '#operation/create-project',
    [
      ['light', 390],
      ['dark', 1366],
    ],
  ],
] as const)('%s can be read by everybody, light and dark, wide and narrow', async (hash, views) => {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Only so that axe can be put into the page; what the policy refuses, the tests above see.
  await open(hash, { bypassCSP: true }, async ({ page, faults }) => {
    if (hash.includes('operation')) await page.waitForSelector('.opblock.is-open .samples');
    await page.evaluate(axe);
    // Otherwise axe sees colours half-way from light to dark.
    await page.addStyleTag({ content: '* { transition: none !important }' });
    for (const [colorScheme, width] of views) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      // biome-ignore lint/suspicious/noExplicitAny: the global of axe-core
      const { violations } = await page.evaluate((rules) => (globalThis as any).axe.run(document, rules), RULES);
      const found = violations.flatMap(({ id, nodes }: { id: string; nodes: { target: string[] }[] }) =>
        nodes.map(({ target }) => [id, ...target]),
      );
      expect(found, `${colorScheme}, ${width} px`).toEqual([]);
      // Nothing is cut off, and nobody has to scroll sideways.
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(background).toBe(colorScheme === 'dark' ? 'rgb(20, 24, 29)' : 'rgb(255, 255, 255)');
    }
    expect(faults).toEqual([]);
  });
});
