/* The request of an operation as code to copy. */

export const LANGUAGES = ['curl', 'TypeScript', 'Python'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What the samples need to know of an operation, with its example values. */
export interface SampleRequest {
  /** Upper case. */
  method: string;
  /** Absolute, with the values of the parameters in it. */
  url: string;
  headers: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Whether it takes a token, which stands in the environment variable `TOKEN`. */
  needsToken: boolean;
}

/** The request in one of the languages: with what that language has, but for Python's requests. */
export function sample(language: Language, request: SampleRequest): string {
  return { curl, TypeScript: typeScript, Python: python }[language](request);
}

function curl({ method, url, headers, body, needsToken }: SampleRequest): string {
  const lines = [
    `curl ${method === 'GET' ? '' : `-X ${method} `}${shellQuoted(url)}`,
    ...(needsToken ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...Object.entries(headers).map(([name, value]) => `-H ${shellQuoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${shellQuoted(JSON.stringify(body, null, 2))}`]),
  ];
  return lines.join(' \\\n  ');
}

/** In single quotes, within which a shell reads every character as itself. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function typeScript({ method, url, headers, body, needsToken }: SampleRequest): string {
  const all = [
    ...(needsToken ? [`Authorization: \`Bearer \${process.env.TOKEN}\``] : []),
    ...Object.entries(headers).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`),
  ];
  const options = [
    ...(method === 'GET' ? [] : [`method: '${method}'`]),
    ...(all.length > 0 ? [`headers: {\n    ${all.join(',\n    ')},\n  }`] : []),
    ...(body === undefined ? [] : [`body: JSON.stringify(${indented(JSON.stringify(body, null, 2))})`]),
  ];
  const init = options.length > 0 ? `, {\n  ${options.join(',\n  ')},\n}` : '';
  return `const response = await fetch(${JSON.stringify(url)}${init});
if (!response.ok) throw new Error(await response.text());
console.log(${method === 'DELETE' ? 'response.status' : 'await response.text()'});`;
}

function python({ method, url, headers, body, needsToken }: SampleRequest): string {
  const all = [
    ...(needsToken ? [`"Authorization": f"Bearer {os.environ['TOKEN']}"`] : []),
    ...Object.entries(headers).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`),
  ];
  // A body that is given as JSON gets the media type by itself, which is not that of a merge patch.
  const options = [
    ...(all.length > 0 ? [`headers={\n        ${all.join(',\n        ')},\n    }`] : []),
    ...(body === undefined ? [] : [`json=${indented(pythonLiteral(body, '    '), '    ')}`]),
  ];
  const rest = options.map((option) => `\n    ${option},`).join('');
  return `${needsToken ? 'import os\n\n' : ''}import requests

response = requests.${method.toLowerCase()}(
    ${JSON.stringify(url)},${rest}
)
response.raise_for_status()
print(response.text)`;
}

/** JSON as a literal of Python, which spells `true`, `false` and `null` otherwise. */
function pythonLiteral(value: unknown, indent: string): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const items = Array.isArray(value)
    ? value.map((item) => pythonLiteral(item, indent))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${pythonLiteral(item, indent)}`);
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => `${indent}${indented(item, indent)},`).join('\n')}\n${close}`;
}

/** All lines but the first one further to the right. */
function indented(text: string, by = '  '): string {
  return text.replaceAll('\n', `\n${by}`);
}
