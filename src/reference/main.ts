import { type Chapter, entriesOf, operationHref, renderEntries, search } from './navigation.ts';
import { endpointsOf, forgetOptionalExamples, type OpenApi } from './openapi.ts';
import { startViewer } from './swagger.ts';

/* The page at /docs: the guide, and the operations of the OpenAPI document in Swagger UI. */

/** The chapters of the guide. The build fills them in. */
declare const CHAPTERS: Chapter[];

/**
 * Takes the token out of the fragment (`#token=…`). The fragment is not sent to any server, and is replaced, so that the
 * token stays neither in the address nor in the history.
 */
function takeToken(): string | undefined {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token) history.replaceState(null, '', location.pathname);
  return token;
}

function followColorScheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  // The class is Swagger UI's.
  const apply = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  dark.addEventListener('change', apply);
  apply();
}

const find = <T extends Element>(selector: string) => document.querySelector(selector) as T;

const token = takeToken();
followColorScheme();
const response = await fetch('/api/v1/openapi.json');
const api: OpenApi = await response.json();
// Relative, it has no host for the reader to copy.
api.servers = [{ url: location.origin }];
forgetOptionalExamples(api);
const endpoints = endpointsOf(api);
const entries = entriesOf(api, endpoints, CHAPTERS);
const viewer = await startViewer(api, find('#operations'));
if (token) viewer.authorize(token);

const guide = find<HTMLElement>('#guide');
const operations = find<HTMLElement>('#operations');
const input = find<HTMLInputElement>('#search');
const menu = find<HTMLDetailsElement>('#menu');

/** Shows what the address names: an operation, all of them, or a chapter, the first one by default. */
function showAddressed(): void {
  const hash = decodeURIComponent(location.hash) || `#${CHAPTERS[0]?.ids[0]}`;
  const endpoint = endpoints.find((candidate) => operationHref(candidate) === hash);
  const chapter = CHAPTERS.find(({ ids }) => ids.includes(hash.slice(1)));
  if (!endpoint && !chapter && hash !== '#operations') return;
  guide.hidden = !chapter;
  operations.hidden = Boolean(chapter);
  guide.innerHTML = chapter?.html ?? '';
  if (!chapter) viewer.show(endpoint);
  document.title = `${endpoint?.summary ?? chapter?.title ?? 'All operations'} · ${api.info.title} API`;
  renderEntries(find('#entries'), search(entries, input.value), endpoint ? hash : `#${chapter?.ids[0]}`);
  // On a phone the menu covers what has been chosen in it.
  if (narrow.matches) menu.open = false;
  const heading = chapter && document.getElementById(hash.slice(1));
  if (heading && chapter.ids[0] !== hash.slice(1)) heading.scrollIntoView();
  else scrollTo(0, 0);
}

const narrow = matchMedia('(max-width: 60rem)');
const fitMenu = () => {
  menu.open = !narrow.matches;
};
narrow.addEventListener('change', fitMenu);
fitMenu();
input.addEventListener('input', () => renderEntries(find('#entries'), search(entries, input.value), location.hash));
addEventListener('hashchange', () => {
  const later = takeToken();
  if (later) viewer.authorize(later);
  showAddressed();
});
showAddressed();
document.body.dataset.ready = 'true';
