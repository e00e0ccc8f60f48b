import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Marked, type Tokens } from 'marked';
import type { Chapter } from '../../src/reference/navigation.ts';
import { root } from './bundle.ts';

/** The files whose sections are the chapters of the guide, in this order. */
const FILES = ['docs/api-conventions.md', 'docs/mcp.md', 'docs/identity-providers.md'];

/**
 * The guide of the page at /docs: a chapter for each file's introduction and for each of its headings of the second level.
 * Links within a file work in the page; those to other files become their text, because the page is served without them.
 * @throws Error for a link to a heading that does not exist
 */
export async function guideChapters(): Promise<Chapter[]> {
  const chapters = (
    await Promise.all(FILES.map(async (file) => chaptersOf(await readFile(join(root, file), 'utf8'))))
  ).flat();
  const ids = chapters.flatMap(({ ids }) => ids);
  for (const { title, html } of chapters) {
    const dead = [...html.matchAll(/href="#([^"]*)"/g)].find(([, id = '']) => !ids.includes(id));
    if (dead) throw new Error(`The chapter ${title} links to ${dead[1]}, which no heading is called.`);
  }
  return chapters;
}

function chaptersOf(markdown: string): Chapter[] {
  const ids: string[][] = [];
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading) {
        const id = slugOf(text);
        ids.at(-1)?.push(id);
        // Each chapter is a page of its own, so its heading is the first one there.
        const level = Math.max(1, depth - 1);
        return `<h${level} id="${id}">${this.parser.parseInline(tokens)}</h${level}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const text = this.parser.parseInline(tokens);
        return /^(#|https:)/.test(href) ? `<a href="${href}">${text}</a>` : text;
      },
      // What is wider than the page scrolls by itself, for a keyboard too.
      code({ text }: Tokens.Code) {
        return `<pre tabindex="0"><code>${escapeHtml(text)}</code></pre>\n`;
      },
    },
  });
  const parts = markdown.split(/^(?=## )/m);
  return parts.map((part) => {
    ids.push([]);
    const html = (marked.parse(part) as string)
      .replaceAll('<table>', '<div class="table" tabindex="0"><table>')
      .replaceAll('</table>', '</table></div>');
    const [, title = ''] = /^##? (.+)$/m.exec(part) ?? [];
    return { ids: ids.at(-1) ?? [], title, html };
  });
}

/** The id that GitHub gives a heading, so that links work there as well. */
function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
