import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { namesOf } from './given-bindings.ts';

/**
 * Reads a file of secrets, as `--secrets-file` names it: JSON, or lines of NAME=value such as those of .dev.vars.
 * @throws Error that names what is no known secret, because a misspelt one would leave the old value in place; it holds
 *   no value
 */
export async function readSecretsFile(file: string): Promise<Record<string, string>> {
  const secrets = parse(file, await read(file));
  const known: string[] = namesOf('secret');
  const unknown = Object.keys(secrets).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`${file}: no Worker reads ${unknown.join(', ')}.`);
  return secrets;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as { code?: string }).code}.`, { cause });
  }
}

function parse(file: string, text: string): Record<string, string> {
  if (!text.trimStart().startsWith('{')) return parseEnv(text) as Record<string, string>;
  try {
    return JSON.parse(text);
  } catch {
    // The message of JSON.parse quotes what it choked on, which is a secret here.
    throw new Error(`${file} is not valid JSON.`);
  }
}
