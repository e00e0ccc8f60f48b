import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from '../../webhooks/addresses.ts';
import { NotPublicError } from '../../webhooks/attempt.ts';
import { MAX_RESPONSE_BYTES, type Post, responseText } from '../../webhooks/post.ts';

type Resolve = (
  name: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A lookup by which a name that resolves to any address that is not public resolves to none. The connection is opened
 * to the very address that was checked, so that a name cannot resolve to another one in between.
 */
function publicOnly(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (!addresses.every(({ address }) => isPublicAddress(address))) return callback(new NotPublicError(), []);
      if (options.all) return callback(null, addresses);
      const [first] = addresses as [LookupAddress];
      callback(null, first.address, first.family);
    });
  };
}

/**
 * Sends by Node's own client, on a connection of its own, and looks names up itself.
 * @param isLocal whether names of this machine are allowed, as in development
 * @param resolve finds all addresses of a name
 */
export function nodePost(isLocal: boolean, resolve: Resolve = lookup): Post {
  const lookupPublic = publicOnly(resolve);
  return ({ url, headers, body }, signal) =>
    new Promise((resolve, reject) => {
      const { protocol, hostname } = new URL(url);
      const send = protocol === 'http:' ? httpRequest : httpsRequest;
      const length = String(Buffer.byteLength(body));
      /** Once the answer has begun, its status counts, however it ends. */
      let finish: (() => void) | undefined;
      const outgoing = send(
        url,
        {
          method: 'POST',
          headers: { ...headers, 'Content-Length': length },
          agent: false,
          signal,
          ...(isLocal && hostname === 'localhost' ? {} : { lookup: lookupPublic }),
        },
        (incoming) => {
          const chunks: Uint8Array[] = [];
          let left = MAX_RESPONSE_BYTES;
          const done = () => {
            resolve({ status: incoming.statusCode ?? 0, response: responseText(chunks) });
            outgoing.destroy();
          };
          finish = done;
          incoming.on('data', (chunk: Buffer) => {
            chunks.push(chunk.subarray(0, left));
            left -= chunk.length;
            if (left <= 0) done();
          });
          incoming.on('end', done).on('error', done);
        },
      );
      outgoing.on('error', (error) => (finish ? finish() : reject(error)));
      outgoing.end(body);
    });
}
