import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

/*
 * As much of Cloudflare's API as the commands of our pages ask for, with sign-in. It takes what wrangler sends and keeps it,
 * so that a test can hold what would have gone to an account.
 */

const TOKEN = 'of-the-login';
const ACCOUNT = { id: 'account-of-the-test', name: 'Test' };

export interface Taken {
  /** Such as `PUT /workers/scripts/onetrip`: method and path, below the account. */
  what: string;
  query: URLSearchParams;
  authorization: string | undefined;
  /** JSON, or the fields of a form; text otherwise. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects, and fails where that is not there
  body: any;
}

const envelope = (success: boolean, result: unknown, errors: object[] = []) => ({
  success,
  errors,
  messages: [],
  result,
  result_info: { page: 1, per_page: 50, total_pages: 1 },
});

/** What the API refuses a request with: a code of Cloudflare's. */
const refusal = (code: number) => Object.assign(new Error('refused'), { code });

export class Cloudflare {
  readonly #taken: Taken[] = [];
  /** The versions of each Worker, the newest first. */
  readonly #versions = new Map<string, string[]>();
  readonly #queues = new Map<string, { queue_id: string; queue_name: string; consumers: { consumer_id: string }[] }>();
  readonly #server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (url.pathname === '/oauth2/auth') {
      // The person allows it.
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      back.search = String(new URLSearchParams({ code: 'allowed', state: url.searchParams.get('state') ?? '' }));
      response.writeHead(302, { Location: back.href }).end();
      return;
    }
    const json = (status: number, value: object) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    if (url.pathname === '/oauth2/token') {
      json(200, { access_token: TOKEN, refresh_token: 'another', expires_in: 3600, scope: 'account:read' });
      return;
    }
    const what = `${request.method} ${url.pathname.replace(/^\/client\/v4(\/accounts\/[^/]+(?=\/))?/, '')}`;
    const { authorization } = request.headers;
    const taken: Taken = { what, query: url.searchParams, authorization, body: await bodyOf(request) };
    this.#taken.push(taken);
    try {
      if (authorization !== `Bearer ${TOKEN}` && !what.includes('/assets/upload'))
        json(403, envelope(false, null, [{ code: 9109, message: 'Unauthorized' }]));
      else json(200, envelope(true, this.#answer(taken)));
    } catch (error) {
      const { code = 1, message } = error as { code?: number; message: string };
      json(404, envelope(false, null, [{ code, message }]));
    }
  });

  async start(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await once(this.#server.close(), 'close');
  }

  /** The requests that were made since this was called before. */
  take(): Taken[] {
    return this.#taken.splice(0);
  }

  /** What has wrangler speak to this, for somebody with a home, whose browser goes where it is told. */
  async environment(home: string): Promise<Record<string, string>> {
    const origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    await mkdir(join(home, 'bin'));
    for (const browser of ['xdg-open', 'open']) {
      const script = '#!/bin/sh\ncurl -sS --location --max-redirs 1 "$1" >/dev/null 2>&1 &\n';
      await writeFile(join(home, 'bin', browser), script);
      await chmod(join(home, 'bin', browser), 0o755);
    }
    return {
      HOME: home,
      XDG_CONFIG_HOME: home,
      PATH: `${join(home, 'bin')}:${process.env.PATH}`,
      CLOUDFLARE_API_BASE_URL: `${origin}/client/v4`,
      WRANGLER_AUTH_URL: `${origin}/oauth2/auth`,
      WRANGLER_TOKEN_URL: `${origin}/oauth2/token`,
      WRANGLER_SEND_METRICS: 'false',
      // Of the account that a developer has.
      CLOUDFLARE_API_TOKEN: '',
      CLOUDFLARE_ACCOUNT_ID: '',
    };
  }

  #answer({ what, query, body }: Taken): unknown {
    const [, name = '', rest = ''] = /^\w+ \/workers\/(?:scripts|services|workers)\/([\w-]+)(.*)$/.exec(what) ?? [];
    if (name) return this.#ofWorker(name, `${what.split(' ')[0]} ${rest}`, what, body);
    const [, queueId, consumerId] = /^\w+ \/queues\/([\w-]+)\/consumers(?:\/([\w-]+))?$/.exec(what) ?? [];
    if (queueId) {
      const queue = [...this.#queues.values()].find(({ queue_id }) => queue_id === queueId);
      if (!queue) throw refusal(11000);
      if (what.startsWith('POST')) {
        // A queue has one consumer.
        if (queue.consumers.length > 0) throw refusal(11004);
        queue.consumers.push({ ...body, consumer_id: randomUUID(), script: body.script_name });
      }
      if (what.startsWith('DELETE')) queue.consumers = queue.consumers.filter((one) => one.consumer_id !== consumerId);
      return queue.consumers;
    }
    if (what.startsWith('GET /workers/tails/by-consumer/')) return [];
    switch (what) {
      case 'GET /accounts':
      case 'GET /memberships':
        return [{ ...ACCOUNT, account: ACCOUNT }];
      case 'GET /workers/subdomain':
        return { subdomain: 'subdomain' };
      case 'GET /storage/kv/namespaces':
        return [];
      case 'POST /storage/kv/namespaces':
        return { id: 'namespace-of-the-test', title: body.title };
      case 'GET /queues':
        return [...this.#queues.values()].filter(({ queue_name }) => (query.get('name') ?? queue_name) === queue_name);
      case 'POST /queues':
        this.#queues.set(body.queue_name, { queue_id: randomUUID(), queue_name: body.queue_name, consumers: [] });
        return this.#queues.get(body.queue_name);
    }
    throw refusal(7003);
  }

  #ofWorker(name: string, action: string, what: string, body: Taken['body']): unknown {
    const versions = this.#versions.get(name);
    if (action === 'PUT ') {
      this.#versions.set(name, [randomUUID(), ...(versions ?? [])]);
      return { id: name, startup_time_ms: 5, deployment_id: this.#versions.get(name)?.[0] };
    }
    if (action.startsWith('POST /assets-upload-session')) return { jwt: 'uploaded', buckets: [] };
    if (!versions) throw refusal(what.includes('/services/') ? 10090 : 10007);
    const [, version] = /^GET \/versions\/([\w-]+)$/.exec(action) ?? [];
    if (version) return versionOf(version);
    switch (action) {
      case 'GET ':
        return {
          default_environment: { environment: 'production', script: { last_deployed_from: 'wrangler' } },
          subdomain: { enabled: false, previews_enabled: false },
        };
      case 'DELETE ':
        this.#versions.delete(name);
        return null;
      case 'GET /secrets':
        return [];
      case 'GET /settings':
        return { bindings: [] };
      case 'POST /subdomain':
        return { enabled: true, previews_enabled: false };
      case 'PUT /schedules':
        return { schedules: body };
      case 'PATCH /script-settings':
      case 'GET /references':
        return {};
      case 'POST /versions':
        versions.unshift(randomUUID());
        return { ...versionOf(versions[0] ?? ''), startup_time_ms: 5 };
      case 'GET /versions':
        return { items: versions.map(versionOf) };
      case 'GET /deployments':
        return {
          deployments: versions.map((id) => ({
            id,
            ...versionOf(id).metadata,
            versions: [{ version_id: id, percentage: 100 }],
          })),
        };
      case 'POST /deployments':
        return { id: randomUUID() };
    }
    throw refusal(7003);
  }
}

const versionOf = (id: string) => ({
  id,
  number: 1,
  metadata: {
    author_email: 'somebody@example.com',
    source: 'wrangler',
    created_on: '2026-01-01T00:00:00Z',
    hasPreview: false,
  },
  annotations: {},
  resources: { bindings: [], script: { handlers: [] }, script_runtime: {} },
});

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'] ?? '';
  const bytes = await buffer(request);
  if (type.startsWith('multipart/form-data'))
    return Object.fromEntries(await new Response(bytes, { headers: { 'Content-Type': type } }).formData());
  // wrangler does not always say that it is JSON.
  return /^[{[]/.test(String(bytes)) ? JSON.parse(String(bytes)) : String(bytes);
}
