/**
 * The page at `/docs`, which shows the OpenAPI document and lets the reader try each endpoint. It is self-contained,
 * because its policy lets nothing come from another host, and small, because it is part of a function.
 */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Onetrip API</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0a7a5c; }
  * { box-sizing: border-box; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
  h1 { margin: 0; } h2 { margin: 2rem 0 .5rem; }
  header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: end; justify-content: space-between; }
  label { display: grid; gap: .15rem; font-size: 13px; }
  input, textarea { font: 13px/1.4 ui-monospace, monospace; padding: .35rem .5rem; border: 1px solid var(--line); border-radius: 6px; background: transparent; color: inherit; width: 100%; }
  textarea { min-height: 9rem; resize: vertical; }
  header label { flex: 1 1 20rem; }
  details.op { border: 1px solid var(--line); border-radius: 8px; margin: .4rem 0; }
  details.op > summary { cursor: pointer; padding: .5rem .75rem; display: flex; gap: .75rem; align-items: baseline; flex-wrap: wrap; }
  details.op > div { padding: 0 .75rem .75rem; }
  .method { font: 600 12px ui-monospace, monospace; text-transform: uppercase; min-width: 3.7rem; color: var(--accent); }
  code, pre { font: 13px/1.45 ui-monospace, monospace; }
  pre { background: var(--soft); padding: .6rem .75rem; border-radius: 6px; overflow: auto; max-height: 28rem; margin: .5rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  .fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .6rem; margin: .6rem 0; }
  small { opacity: .75; }
  button { font: inherit; padding: .35rem 1rem; border: 0; border-radius: 6px; background: var(--accent); color: #fff; cursor: pointer; }
  table { border-collapse: collapse; width: 100%; margin: .5rem 0; } td { border-top: 1px solid var(--line); padding: .25rem .5rem; vertical-align: top; }
</style>
<header>
  <div><h1>Onetrip API</h1><small id="about"></small></div>
  <label>Token, sent as Authorization: Bearer <input id="token" autocomplete="off" spellcheck="false" placeholder="eyJ…"></label>
</header>
<main id="endpoints">Loading <a href="/api/v1/openapi.json">/api/v1/openapi.json</a> …</main>
<script type="module">
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const api = await (await fetch('/api/v1/openapi.json')).json();
const resolve = (value) => value?.$ref ? value.$ref.split('/').slice(1).reduce((at, name) => at[name], api) : value;
about.textContent = 'OpenAPI ' + api.openapi + ' · version ' + api.info.version;

function field(parameter) {
  const schema = resolve(parameter.schema) ?? {};
  const input = make('input', { name: parameter.name, placeholder: schema.default ?? schema.enum?.join(' | ') ?? '' });
  input.dataset.in = parameter.in;
  const note = parameter.description ? make('small', {}, parameter.description) : '';
  return make('label', {}, make('span', {}, parameter.name + (parameter.required ? ' *' : '')), input, note);
}

async function send(form, method, path, output) {
  const headers = {};
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll('input')) {
    if (!input.value) continue;
    if (input.dataset.in === 'path') path = path.replace('{' + input.name + '}', encodeURIComponent(input.value));
    if (input.dataset.in === 'query') query.append(input.name, input.value);
    if (input.dataset.in === 'header') headers[input.name] = input.value;
  }
  const body = form.querySelector('textarea')?.value;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (token.value) headers.Authorization = 'Bearer ' + token.value.trim();
  output.textContent = '…';
  try {
    const response = await fetch(path + (query.size ? '?' + query : ''), { method: method.toUpperCase(), headers, body, cache: 'no-store' });
    const text = await response.text();
    const shown = ['etag', 'location', 'link', 'server-timing', 'idempotency-replayed', 'retry-after', 'x-request-id']
      .filter((name) => response.headers.has(name)).map((name) => name + ': ' + response.headers.get(name));
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch {}
    output.textContent = response.status + ' ' + response.statusText + '\\n' + shown.join('\\n') + '\\n\\n' + pretty;
  } catch (error) {
    output.textContent = String(error);
  }
}

function operation(path, method, op) {
  const output = make('pre', { hidden: true });
  const form = make('form', {});
  const parameters = (op.parameters ?? []).map(resolve);
  if (parameters.length) form.append(make('div', { className: 'fields' }, ...parameters.map(field)));
  const media = op.requestBody?.content?.['application/json'];
  if (media) form.append(make('label', {}, 'Body', make('textarea', { value: JSON.stringify(media.example ?? {}, null, 2), spellcheck: false })));
  form.append(make('p', {}, make('button', {}, 'Send')));
  form.onsubmit = (event) => { event.preventDefault(); output.hidden = false; send(form, method, path, output); };
  const statuses = make('table', {}, ...Object.entries(op.responses).map(([status, response]) =>
    make('tr', {}, make('td', {}, make('code', {}, status)), make('td', {}, resolve(response).description))));
  const schema = media && make('details', {}, make('summary', {}, 'Body schema'), make('pre', {}, JSON.stringify(resolve(media.schema), null, 2)));
  return make('details', { className: 'op', id: op.operationId },
    make('summary', {}, make('span', { className: 'method' }, method), make('code', {}, path), make('span', {}, op.summary)),
    make('div', {}, make('p', {}, op.description ?? ''), form, output, schema ?? '', make('details', {}, make('summary', {}, 'Responses'), statuses)));
}

const groups = new Map();
for (const [path, operations] of Object.entries(api.paths))
  for (const [method, op] of Object.entries(operations)) {
    const tag = op.tags[0];
    if (!groups.has(tag)) groups.set(tag, []);
    groups.get(tag).push(operation(path, method, op));
  }
endpoints.replaceChildren(...[...groups].flatMap(([tag, list]) => [make('h2', {}, tag), ...list]));
if (location.hash) document.getElementById(location.hash.slice(1))?.setAttribute('open', '');
</script>
</html>
`;
