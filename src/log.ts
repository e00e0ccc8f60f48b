/**
 * One line of JSON in the log, of which the platform keeps time and place. It never holds a token, a body or a value of
 * a row: fields are names, ids of requests, numbers and codes.
 */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>): void {
  const write = { info: console.log, warn: console.warn, error: console.error }[level];
  write(JSON.stringify({ level, event, ...fields }));
}

/**
 * Messages that say why there was no answer and hold no value, of errors without a code: those of Node's `fetch` for ports
 * that it never asks, of workerd's for a host that refuses and for one that has no address, and of the driver `pg`.
 */
const KNOWN_MESSAGES = new RegExp(
  `^(?:${[
    'bad port',
    'Network connection lost',
    'internal error(?:; reference = \\w+)?',
    'Connection terminated(?: unexpectedly| due to connection timeout)?',
    'timeout (?:expired|exceeded when trying to connect)',
    'The server does not support SSL connections',
    'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a(?: non-empty)? string',
  ].join('|')})(?=\\.?$)`,
);

/**
 * Why something could not be reached: name and code of what is behind an error, such as `Error ECONNREFUSED`, or its
 * message where that is known to hold nothing else.
 */
export function causeOf(error: unknown): string {
  // Neon's driver wraps what fetch threw, and fetch what the socket did.
  let cause = error as { name?: string; code?: unknown; message?: string; sourceError?: unknown; cause?: unknown };
  for (let next = cause; next; next = (next.sourceError ?? next.cause) as typeof cause) cause = next;
  const { name = 'Error', code, message = '' } = cause ?? {};
  const known = KNOWN_MESSAGES.exec(message)?.[0];
  if (known) return `${name}: ${known}`;
  // The codes of a DOMException are numbers, which say nothing beside its name.
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? `${name} ${code}` : name;
}

/** Where an error was thrown. Not its message, which can quote what it choked on. */
export function framesOf({ name, message, stack = '' }: Error): { error: string; stack: string[] } {
  const frames = stack.slice(stack.indexOf(message) + message.length);
  return { error: name, stack: frames.split('\n').flatMap((line) => /^\s+at (.*)$/.exec(line)?.[1] ?? []) };
}
