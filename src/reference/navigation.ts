import { type Endpoint, type OpenApi, parametersOf } from './openapi.ts';

/* The list of chapters and operations, and the search in it. */

/** A chapter of the guide, made of Markdown by the build. */
export interface Chapter {
  /** Ids of its headings; the first one is the chapter's own. */
  ids: string[];
  title: string;
  html: string;
}

interface Entry {
  group: string;
  /** Where it leads: `#errors` or `#operation/get-task`. */
  href: string;
  title: string;
  method?: string;
  /** What a search looks through, in lower case. */
  text: string;
}

export function operationHref({ operationId }: Endpoint): string {
  return `#operation/${operationId}`;
}

export function entriesOf(document: OpenApi, endpoints: Endpoint[], chapters: Chapter[]): Entry[] {
  const guide = chapters.map(({ ids, title, html }) => ({
    group: 'Guide',
    href: `#${ids[0]}`,
    title,
    text: `${title} ${new DOMParser().parseFromString(html, 'text/html').body.textContent}`.toLowerCase(),
  }));
  const operations = endpoints.map((endpoint) => {
    const { tags, method, path, summary, description = '', operationId } = endpoint;
    const parameters = parametersOf(document, endpoint).map(({ name }) => name);
    return {
      group: tags[0] ?? '',
      href: operationHref(endpoint),
      title: summary,
      method,
      text: [method, path, summary, operationId, ...parameters, description].join(' ').toLowerCase(),
    };
  });
  return [...guide, ...operations];
}

/** The entries that have all words; those that have them in their titles come first. */
export function search(entries: Entry[], query: string): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const hasAll = (text: string) => words.every((word) => text.includes(word));
  const found = entries.filter(({ text }) => hasAll(text));
  const inTitle = ({ title, method = '' }: Entry) => Number(hasAll(`${method} ${title}`.toLowerCase()));
  return words.length > 0 ? found.sort((a, b) => inTitle(b) - inTitle(a)) : found;
}

/** Writes the entries into the list, under the names of their groups. */
export function renderEntries(list: Element, entries: Entry[], current: string): void {
  const byGroup = Map.groupBy(entries, ({ group }) => group);
  list.replaceChildren(
    ...[...byGroup].map(([group, members]) => {
      const items = members.map(({ href, title, method }) => {
        const link = Object.assign(document.createElement('a'), { href });
        if (href === current) link.setAttribute('aria-current', 'page');
        if (method) link.append(span(`method ${method}`, method === 'delete' ? 'del' : method));
        link.append(span('title', title));
        const item = document.createElement('li');
        item.append(link);
        return item;
      });
      const section = document.createElement('section');
      const heading = document.createElement('h2');
      heading.textContent = group;
      const ul = document.createElement('ul');
      ul.append(...items);
      section.append(heading, ul);
      return section;
    }),
  );
  if (entries.length === 0) list.textContent = 'Nothing found.';
}

function span(className: string, textContent: string): HTMLSpanElement {
  return Object.assign(document.createElement('span'), { className, textContent });
}
