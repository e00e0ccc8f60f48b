/**
 * One line of JSON in the log, of which the platform keeps time and place. It never holds a token, a body or a value of
 * a row: fields are names, ids of requests, numbers and codes.
 */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>): void {
  const write = { info: console.log, warn: console.warn, error: console.error }[level];
  write(JSON.stringify({ level, event, ...fields }));
}

/** Where an error was thrown. Not its message, which can quote what it choked on. */
export function framesOf({ name, message, stack = '' }: Error): { error: string; stack: string[] } {
  const frames = stack.slice(stack.indexOf(message) + message.length);
  return { error: name, stack: frames.split('\n').flatMap((line) => /^\s+at (.*)$/.exec(line)?.[1] ?? []) };
}
