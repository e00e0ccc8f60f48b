import ipaddr from 'ipaddr.js';

/*
 * Where deliveries may go: nowhere inside the network of the deployment. A URL is checked when it is given and again before
 * each attempt; what its host name resolves to is checked where the connection is opened (src/platform/node/post.ts).
 */

/** A fault of a URL: a code and a phrase that follows the member's name. */
export interface UrlFault {
  code: string;
  message: string;
}

const NO_PUBLIC_HOST: UrlFault = { code: 'not_public', message: 'must have a public host' };

/** All IPv6 addresses that have been given out (RFC 4291 §2.4). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Names that are never public, whatever resolves them (RFC 6761, 6762, 7686, 8375 and 9476, and ICANN's for private use). */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|invalid|test|onion|alt|home\.arpa)$/;

/**
 * What is wrong with a webhook's URL, as far as it tells by itself.
 * @param isDevelopment whether http to this machine is allowed
 */
export function urlFault(text: string, isDevelopment: boolean): UrlFault | undefined {
  const url = URL.parse(text);
  if (!url) return { code: 'invalid_format', message: 'must be a URL such as https://example.com/webhooks' };
  if (url.username || url.password) return { code: 'credentials', message: 'must hold no user and password' };
  const isLocal = ['localhost', '127.0.0.1'].includes(url.hostname);
  if (isDevelopment && isLocal && /^https?:$/.test(url.protocol)) return undefined;
  if (url.protocol !== 'https:') return { code: 'invalid_format', message: 'must be an https URL' };
  if (url.port !== '' && Number(url.port) <= 1023) {
    return { code: 'port', message: 'must have port 443 or one above 1023' };
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.isValid(host)) return isPublicAddress(host) ? undefined : NO_PUBLIC_HOST;
  return isPublicName(host) ? undefined : NO_PUBLIC_HOST;
}

/** Whether a name, in lower case as a URL has it, can be one of the public internet: of two labels at least, and none empty. */
function isPublicName(host: string): boolean {
  const name = host.replace(/\.$/, '');
  const labels = name.split('.');
  return labels.length > 1 && !labels.includes('') && !PRIVATE_NAMES.test(name);
}

/**
 * Whether an address is one of the public internet: not private, loopback, link-local, shared, unspecified, reserved, or one
 * that holds an IPv4 address which may be (RFC 6890, and the registries that it began).
 */
export function isPublicAddress(text: string): boolean {
  const address = ipaddr.parse(text);
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST));
}
