/*
 * Request bodies under the rules of docs/api-conventions.md, "Request bodies": stricter than `JSON.parse`, and with a
 * bound on every cost.
 */
import { type MemberError, Problem, validationFailed } from '../../problem.ts';

/** The longest body that is read; beyond it is `payload_too_large`. */
export const MAX_BODY_BYTES = 1_048_576;
/** The deepest nesting that is accepted; the body is level 1. */
const MAX_DEPTH = 32;
/** The most members at fault that one problem names. */
export const MAX_ERRORS = 20;

const MAX_NAME = 64;

/**
 * Reads a body as bytes, and stops as soon as it is known to be over the limit; the rest can still be read.
 * Returns an empty array where there is no body.
 * Throws `payload_too_large`, or `invalid_request` if the body breaks off.
 */
export async function readBytes(
  { headers, body }: Pick<Request, 'headers' | 'body'>,
  limit = MAX_BODY_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = new Problem('payload_too_large', `The body must be at most ${limit} bytes`);
  if (Number(headers.get('content-length')) > limit) throw tooLarge;
  if (!body) return new Uint8Array(0);

  const reader = body.getReader();
  // One buffer that doubles, not a list of chunks: a caller may send a chunk per byte.
  let buffer = new Uint8Array(Math.min(limit, 16_384));
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Problem('invalid_request', 'The body broke off before its end');
    });
    if (done) return buffer.subarray(0, size);
    if (size + value.length > limit) {
      reader.releaseLock();
      throw tooLarge;
    }
    if (size + value.length > buffer.length) {
      const grown = new Uint8Array(Math.min(limit, Math.max(buffer.length * 2, size + value.length)));
      grown.set(buffer.subarray(0, size));
      buffer = grown;
    }
    buffer.set(value, size);
    size += value.length;
  }
}

/**
 * Parses a body (RFC 8259) that must be an object. What comes back has no duplicate names, is at most 32 levels deep,
 * and holds only strings and numbers that can be stored.
 *
 * Throws `invalid_json` (empty, not UTF-8, not JSON, `duplicate_member`, `too_deep`) or `validation_failed`
 * (`wrong_type`, `control_character`, `unpaired_surrogate`, `forbidden_member`, `number_out_of_range`).
 */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  const value = parseStrictJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw validationFailed([{ pointer: '', code: 'wrong_type', message: 'The body must be a JSON object' }]);
  }
  const errors = valueErrors(value);
  if (errors.length > 0) throw validationFailed(errors);
  return value as Record<string, unknown>;
}

/**
 * Parses any JSON (RFC 8259) without duplicate names, at most 32 levels deep. What its strings and numbers are is left to
 * {@link valueErrors}.
 *
 * Throws `invalid_json` (empty, not UTF-8, not JSON, `duplicate_member`, `too_deep`).
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  if (text.trim() === '') throw new Problem('invalid_json', 'The body is empty; it must be a JSON object');

  // Before JSON.parse, which would spend 100 ms on a mebibyte of brackets.
  const { tooDeep, duplicate } = scan(text);
  if (tooDeep) throw invalidMember(tooDeep);
  const value = parseJson(text);
  if (duplicate) throw invalidMember(duplicate);
  return value;
}

/** The JSON pointer (RFC 6901) for a path. Long names are abbreviated, because callers choose them. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${abbreviate(String(part)).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A caller's own text for an error that quotes it: at most 64 characters, and no unpaired surrogates. */
export function abbreviate(text: string): string {
  return text.length <= MAX_NAME ? text.toWellFormed() : `${text.slice(0, MAX_NAME).toWellFormed()}…`;
}

/** What makes a string unfit to be stored anywhere, if anything does. Line breaks and tabs are fine here. */
export function textFault(text: string): Omit<MemberError, 'pointer'> | undefined {
  // The double negation reads: a control character, but none of these three.
  if (/[^\P{Cc}\t\n\r]/u.test(text)) {
    return { code: 'control_character', message: 'must not contain control characters' };
  }
  if (!text.isWellFormed()) {
    return { code: 'unpaired_surrogate', message: 'must not contain unpaired surrogates' };
  }
  return undefined;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // By default a decoder drops one leading byte-order mark.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem('invalid_json', 'The body is not valid UTF-8');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's own message quotes the body.
    throw new Problem('invalid_json', 'The body is not valid JSON');
  }
}

function invalidMember(error: MemberError): Problem {
  return new Problem('invalid_json', `${error.pointer}: ${error.message}`, { errors: [error] });
}

/** One open object or array. */
interface Frame {
  /** Where the scan stands in it: the member's name in an object, the index in an array. */
  at: string | number;
  /** The names seen so far in an object; made when the first one comes. */
  names?: Set<string>;
}

/**
 * Finds in JSON text what parsing hides: the first duplicate name (compared unescaped), and nesting over the limit.
 * The text need not be valid; then the outcome means nothing, except that any depth `JSON.parse` would reach is seen.
 */
function scan(text: string): { tooDeep?: MemberError; duplicate?: MemberError } {
  const stack: Frame[] = [];
  const pointer = () => jsonPointer(stack.map((frame) => frame.at));
  let duplicate: MemberError | undefined;
  let top: Frame | undefined;
  let nameNext = false;

  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"': {
        const end = closingQuote(text, i + 1);
        if (nameNext && top) {
          const name = unescapeName(text.slice(i + 1, end));
          top.at = name;
          top.names ??= new Set();
          if (top.names.has(name)) {
            duplicate ??= { pointer: pointer(), code: 'duplicate_member', message: 'stands twice in one object' };
          }
          top.names.add(name);
          nameNext = false;
        }
        i = end;
        break;
      }
      case '{':
      case '[':
        if (stack.length === MAX_DEPTH) {
          const message = `must not be nested deeper than ${MAX_DEPTH} levels`;
          return { tooDeep: { pointer: pointer(), code: 'too_deep', message } };
        }
        nameNext = text[i] === '{';
        top = { at: nameNext ? '' : 0 };
        stack.push(top);
        break;
      case '}':
      case ']':
        stack.pop();
        top = stack.at(-1);
        // An empty object has had no name.
        nameNext = false;
        break;
      case ',':
        if (typeof top?.at === 'number') top.at++;
        else nameNext = true;
        break;
    }
  }
  return duplicate ? { duplicate } : {};
}

function closingQuote(text: string, start: number): number {
  let i = start;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}

function unescapeName(raw: string): string {
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`);
  } catch {
    return raw; // An escape that does not exist: parsing the whole text will refuse it.
  }
}

/**
 * The names, strings and numbers that cannot be stored, 20 at most. The recursion is safe: {@link parseStrictJson} has
 * bounded the depth.
 */
export function valueErrors(root: object): MemberError[] {
  const errors: MemberError[] = [];
  const path: PropertyKey[] = [];
  const report = (fault: Omit<MemberError, 'pointer'>) => {
    if (errors.length < MAX_ERRORS) errors.push({ pointer: jsonPointer(path), ...fault });
  };
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      const fault = textFault(value);
      if (fault) report(fault);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) report({ code: 'number_out_of_range', message: 'must fit a finite double' });
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        path.push(i);
        visit(value[i]);
        path.pop();
      }
    } else if (value !== null && typeof value === 'object') {
      for (const name of Object.keys(value)) {
        path.push(name);
        const fault = textFault(name);
        if (name === '__proto__') report({ code: 'forbidden_member', message: 'is a name that is not allowed' });
        else if (fault) report({ ...fault, message: `the name ${fault.message}` });
        visit((value as Record<string, unknown>)[name]);
        path.pop();
      }
    }
  };
  visit(root);
  return errors;
}
