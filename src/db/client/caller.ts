import type { Statement } from './drivers/driver.ts';

/** Who asks, in which request. Without a tenant it is a `platform` token, or nobody (`/ready`). */
export interface Caller {
  tenantId?: string;
  platform?: boolean;
  /** Whether it is who delivers to webhooks, of all tenants. */
  courier?: boolean;
  actor?: string;
  /** What the token allows within the tenant. */
  role?: string;
  /** The API key that is presented in place of a token. Whether it is good, and good enough, the database tells. */
  apiKey?: PresentedKey;
  requestId: string;
  /** The operation of the API that asks, for the log. */
  operationId: string;
  /** Whether what is written is to be rolled back: it is only tried. */
  isDryRun?: boolean;
  /** What the body of an answer may have (bytes), where that is less than usual. */
  maxAnswerBytes?: number | undefined;
  /** W3C Trace Context, which the driver hands on. */
  traceparent?: string;
  /** Makes the runtime wait for work, also if the caller has gone away meanwhile. */
  keepAlive?: (work: Promise<unknown>) => void;
  /**
   * Called after each write of a tenant that has webhooks: something may have to be delivered.
   * @param shard the name of the database that it was written to, where there are several
   */
  announce?: (shard?: string) => void;
}

export interface PresentedKey {
  id: string;
  /** SHA-256 of its secret, in hexadecimal. */
  secretHash: string;
  /** The lowest role that may do what is asked. */
  needed: string;
  /** Whether the database has found it good a moment ago. */
  isKnown: boolean;
}

/** The statement that every batch begins with: who asks. Of a write it gives back whether the tenant has webhooks. */
export function contextStatements(caller: Caller, readOnly: boolean): Statement[] {
  const { tenantId, platform, courier, actor = null, role = null, apiKey, requestId } = caller;
  if (apiKey) {
    const { id, secretHash, needed } = apiKey;
    const parameters = [tenantId, id, `\\x${secretHash}`, needed, requestId];
    return [{ sql: contextQuery('set_api_key_context($1, $2, $3, $4, $5)', readOnly), parameters }];
  }
  if (tenantId) {
    const parameters = [tenantId, actor, requestId, role];
    return [{ sql: contextQuery('set_tenant_context($1, $2, $3, $4)', readOnly), parameters }];
  }
  if (courier) return [{ sql: 'select set_courier_context($1, $2)', parameters: [actor, requestId] }];
  return platform ? [{ sql: 'select set_platform_context($1, $2)', parameters: [actor, requestId] }] : [];
}

/** FROM makes its row before anything is selected of it. */
function contextQuery(call: string, readOnly: boolean): string {
  return readOnly ? `select ${call}` : `select current_setting('app.webhooks') as webhooks from ${call}`;
}
