import { BINDINGS, type Binding, type Bindings, type Reader } from '../../src/config/bindings.ts';
import type { Parts } from './bundle.ts';

/* Which bindings a Worker or a Lambda function is given: those that its code can read, and no others. */

/** A Worker or a Lambda function, as far as this has to know it. */
interface Deployed {
  /** `scheduled` is the purge; everything else serves requests. */
  kind: string;
  parts: Parts;
}

type Name = keyof Bindings;

/** The names of the bindings that it reads, in the order of their declaration. */
export function bindingsReadBy({ kind, parts }: Deployed, source?: Binding['source']): Name[] {
  const readers: Reader[] = kind === 'scheduled' ? ['purge'] : ['responses'];
  if (kind !== 'scheduled' && 'src/config/config.ts' in parts) readers.push('requests');
  return namesOf(source).filter((name) => BINDINGS[name].readBy.some((reader) => readers.includes(reader)));
}

/** Those of its secrets without which it does not work. */
export function requiredSecrets(deployed: Deployed): Name[] {
  return bindingsReadBy(deployed, 'secret').filter((name) => BINDINGS[name].required);
}

/** The names of all bindings, or of those that have their values from one source. */
export function namesOf(source?: Binding['source']): Name[] {
  const names = Object.keys(BINDINGS) as Name[];
  return source ? names.filter((name) => BINDINGS[name].source === source) : names;
}
