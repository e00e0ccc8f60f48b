/** The part of a distributed trace that a request belongs to (W3C Trace Context, level 1). */
export interface Trace {
  /** 32 hexadecimal digits: the whole trace, for the log. */
  id: string;
  /** `traceparent` for what this request asks in its turn, with a span of its own. */
  traceparent: string;
}

/** Reads `traceparent` (§3.2). One that breaks its rules is as good as none (§4.3). */
export function readTrace(header: string | undefined): Trace | undefined {
  const [, version, id, parent, flags, more] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header?.trim() ?? '') ?? [];
  if (!id || !parent || !flags || version === 'ff' || (version === '00' && more)) return undefined;
  if (/^0+$/.test(id) || /^0+$/.test(parent)) return undefined;
  const span = crypto.randomUUID().replaceAll('-', '').slice(0, 16);
  // We speak version 00, of whose flags only `sampled` is defined.
  const sampled = Number.parseInt(flags, 16) & 1;
  return { id, traceparent: `00-${id}-${span}-0${sampled}` };
}
