import type { Bindings } from '../../src/config/bindings.ts';
import { BINDINGS, type Binding, type Reader } from './bindings.ts';
import type { Parts } from './bundle.ts';

/* Which bindings a Worker or a Lambda function is given: those that its code can read, and no others. */

/** A Worker or a Lambda function, as far as this has to know it. */
interface Deployed {
  /** `scheduled` is the purge, `deliveries` what delivers to webhooks; everything else serves requests. */
  kind: string;
  parts: Parts;
}

type Name = keyof Bindings;

/** The modules that read the bindings of each reader, in functions that serve requests. */
const READERS: Partial<Record<Reader, string>> = {
  requests: 'src/config/config.ts',
  secrets: 'src/http/webhook-secret.ts',
  changes: 'src/http/announce-changes.ts',
};

/** The names of the bindings that it reads, in the order of their declaration. */
export function bindingsReadBy({ kind, parts }: Deployed, source?: Binding['source']): Name[] {
  const readers: Reader[] =
    kind === 'scheduled'
      ? ['purge']
      : kind === 'deliveries'
        ? ['deliveries']
        : ['responses', ...(Object.keys(READERS) as Reader[]).filter((reader) => (READERS[reader] ?? '') in parts)];
  return namesOf(source).filter((name) => BINDINGS[name].readBy.some((reader) => readers.includes(reader)));
}

/**
 * Those of its secrets without which it does not work.
 * @param isSharded whether there are several databases
 */
export function requiredSecrets(deployed: Deployed, isSharded: boolean): Name[] {
  return bindingsReadBy(deployed, 'secret')
    .filter((name) => BINDINGS[name].required)
    .map((name) => (isSharded ? BINDINGS[name].ofSeveral : undefined) ?? name);
}

/** The names of all bindings, or of those that have their values from one source. */
export function namesOf(source?: Binding['source']): Name[] {
  const names = Object.keys(BINDINGS) as Name[];
  return source ? names.filter((name) => BINDINGS[name].source === source) : names;
}
