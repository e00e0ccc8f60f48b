/**
 * How many bytes PostgreSQL prints for a JSON value that it stores as jsonb: `octet_length(value::text)`. It puts a
 * space behind `:` and `,`, and prints numbers as numeric, so without exponent. The check constraint on the column has
 * the last word; this one can name the member at fault.
 */
export function jsonbLength(value: unknown): number {
  if (typeof value === 'number') return numericLength(value);
  if (typeof value !== 'object' || value === null) return utf8Length(JSON.stringify(value));
  const lengths = Array.isArray(value)
    ? value.map(jsonbLength)
    : Object.entries(value).map(([name, member]) => utf8Length(JSON.stringify(name)) + 2 + jsonbLength(member));
  return lengths.reduce((sum, length) => sum + length, 2 + 2 * Math.max(0, lengths.length - 1));
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function numericLength(value: number): number {
  const text = JSON.stringify(value);
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!parts) return text.length;
  const [, sign = '', , fraction = '', exponent] = parts;
  const power = Number(exponent);
  const digits = power > 0 ? 1 + power : '0.'.length + fraction.length - power;
  return sign.length + digits;
}
