/** Results as the JSON text that the Neon endpoint answers with, written while they arrive. */
import type { FieldDef } from 'pg';
import { EndpointError, type Mode, valueToJson } from './protocol.ts';

/** What PostgreSQL sends of a value: text, or null. */
export type Value = string | null;

/** Writes one result after another. */
export class ResultWriter {
  readonly #mode: Mode;
  readonly #elementTypes: ReadonlyMap<number, number>;
  readonly #maxBytes: number;
  readonly #text = new JsonText();
  /** Of the result that is being written. */
  #asArray = false;
  #fields: FieldDef[] = [];
  #keys: string[] = [];
  #rows = 0;

  /**
   * @param elementTypes of each array type the type of its elements; empty where values stay text
   * @param maxBytes how long the text may get before a row, so that one long row passes
   */
  constructor(mode: Mode, elementTypes: ReadonlyMap<number, number>, maxBytes: number) {
    this.#mode = mode;
    this.#elementTypes = elementTypes;
    this.#maxBytes = maxBytes;
  }

  /** Begins a result. Without fields, which some commands have, it has no rows either. */
  begin(fields: FieldDef[], arrayMode = this.#mode.arrays): void {
    this.#asArray = arrayMode;
    this.#fields = fields;
    this.#keys = arrayMode ? [] : fields.map(({ name }) => `${JSON.stringify(name)}:`);
    this.#rows = 0;
    this.#text.push(`{"fields":${JSON.stringify(fields)},"rows":[`);
  }

  /** @throws EndpointError 507 */
  row(values: Value[]): void {
    if (this.#text.isLongerThan(this.#maxBytes)) {
      throw new EndpointError(507, `response is too large (max is ${this.#maxBytes} bytes)`);
    }
    if (this.#rows++ > 0) this.#text.push(',');
    this.#text.push(this.#asArray ? '[' : '{');
    for (const [column, value] of values.entries()) {
      if (column > 0) this.#text.push(',');
      if (!this.#asArray) this.#text.push(this.#keys[column] ?? '');
      this.#text.push(this.#toJson(value, column));
    }
    this.#text.push(this.#asArray ? ']' : '}');
  }

  /** Ends a result. `tag` is PostgreSQL's command tag, such as `INSERT 0 1`; an empty statement has none. */
  end(tag: string): void {
    const [command] = tag.split(' ', 1);
    const rowCount = /\d+$/.exec(tag)?.[0] ?? null;
    this.#text.push(`],"command":${JSON.stringify(command)},"rowCount":${rowCount},"rowAsArray":${this.#asArray}}`);
  }

  /** Writes what stands around and between results. */
  punctuate(text: string): void {
    this.#text.push(text);
  }

  toString(): string {
    return this.#text.toString();
  }

  #toJson(value: Value, column: number): string {
    if (value === null || this.#mode.rawText) return JSON.stringify(value);
    return valueToJson(value, this.#fields[column]?.dataTypeID ?? 0, this.#elementTypes);
  }
}

/** JSON text as it grows. */
class JsonText {
  /** What has been counted, how many bytes that is in UTF-8, and what has not been counted. */
  readonly #counted: string[] = [];
  #bytes = 0;
  #rest = '';
  #length = 0;

  push(text: string): void {
    this.#rest += text;
    this.#length += text.length;
  }

  /** Whether it has more bytes in UTF-8. */
  isLongerThan(bytes: number): boolean {
    // A UTF-16 code unit is at most three bytes: what is short is not counted, which would be a pass over all of it.
    if (3 * this.#length <= bytes) return false;
    this.#bytes += Buffer.byteLength(this.#rest);
    this.#counted.push(this.#rest);
    this.#rest = '';
    return this.#bytes > bytes;
  }

  toString(): string {
    return this.#counted.join('') + this.#rest;
  }
}
