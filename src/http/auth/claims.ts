/**
 * The value that the payload of a verified token has for a claim, by a name of `src/config/claim-names.ts`; undefined where
 * it has none, or where `*` would have to choose.
 */
export function claimOf(payload: object, name: string): unknown {
  let value: unknown = payload;
  for (const step of /[:/]/.test(name) ? [name] : name.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    const keys = Object.keys(value);
    const key = step === '*' && keys.length === 1 ? keys[0] : step;
    // Only what the token itself has: not `constructor`, which every object has.
    if (key === undefined || !keys.includes(key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
