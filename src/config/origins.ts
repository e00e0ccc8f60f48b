const lists = new Map<string, string[]>();

/** Origins whose pages may call, out of `CORS_ORIGINS`. An invalid list counts as empty. */
export function allowedOrigins({ CORS_ORIGINS = '' }: { CORS_ORIGINS?: string | undefined } = {}): string[] {
  let origins = lists.get(CORS_ORIGINS);
  if (!origins) {
    origins = parseOrigins(CORS_ORIGINS) ?? [];
    lists.set(CORS_ORIGINS, origins);
  }
  return origins;
}

/** The origins of a comma-separated list; undefined if an entry is not an origin (RFC 6454 §6.2). */
export function parseOrigins(list: string): string[] | undefined {
  const origins = list.split(',').flatMap((origin) => origin.trim() || []);
  return origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin) ? origins : undefined;
}
