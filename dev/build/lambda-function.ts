import type { Parts } from './bundle.ts';

/** One Lambda function of the deployment. */
export interface LambdaFunction {
  name: string;
  kind: 'function' | 'scheduled' | 'deliveries' | 'assets' | 'fallback';
  /** Where its source begins, from the root of the project. */
  entry: string;
  /** Method and path with `:id`, of the route it serves; the purge, the deliveries and the fallback have none. */
  route?: { method: string; path: string };
  parts: Parts;
}
