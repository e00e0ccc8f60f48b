import { sha256 } from '../sha256.ts';

/** Digests (SHA-256) of secrets that stand where everybody reads them, so that none of them stands here as well. */
const EXAMPLES = new Set([
  '5e895bf7b70a3533978b553513f347655d354889d8bbc179228ec1c36ab30389', // `npm run dev` without JWT_SECRET
  'c6cf8045307a0eb05f2e0ba63c7fa2ec0eada537c26bc850dae3c576980506e4', // .dev.vars.example
  '465d9ad5d5528ebe287b5dce4fb51620833d09b290e49ddcc70ca6c4a0aea01b', // jwt.io, HS256
  '730d21a80e61a8de82d12cb4c0b8057cff5a30e2dec50ce7a773513374f9164a', // jwt.io, HS384
  'db6833593279d7373592ef70e51f3daf048c04475739f8ed024b0821fd9e7fde', // jwt.io, HS512
  'a064b502e61d27e94b8717290e5e1b32e36720e9fbdf952ec81a84c07128cb37', // Supabase on a developer's machine
  '1453cea2dc3799e9026e42b3e465e455256d5a149582e4c5b92d4c8d604731a2', // Supabase's .env.example
  '3354cfcf65c7b2e6840ea6f880aede239750cb1d063950c4e8fd9fbf9ec73a32', // a Spring Boot tutorial that is often copied
  '8b1b17a9740c068accab5c3d0d652c8e3cc13206e70bb73b42ea41d4c2de3c12', // RFC 7515, appendix A.1
]);

/** What has been found out already: every request asks, and a deployment has one secret. */
const known = new Map<string, boolean>();

/** Whether a secret is a published example: whoever knows it can sign a token for any tenant. */
export async function isExampleSecret(secret: string): Promise<boolean> {
  const isExample = known.get(secret) ?? EXAMPLES.has(await sha256(secret.trim()));
  known.set(secret, isExample);
  return isExample;
}
