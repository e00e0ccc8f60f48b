import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { type Reply, signToken, type TestApi, type TestTenant } from '../support/api.ts';
import { judge } from './judge.ts';
import type { Fuzzed } from './requests.ts';

/* What the fuzzer knows of the rows that its requests made, and how it sends them. */

/** So many ids of a resource are remembered; the oldest are forgotten. */
const MEMORY = 60;

/** The tenant that is fuzzed, with ids of its rows and of rows that it must not reach. */
export class FuzzedWorld {
  readonly statuses = new Map<string, number>();
  sent = 0;
  readonly #ids = new Map<string, string[]>();

  readonly api: TestApi;
  readonly victim: TestTenant;
  readonly #tokens: Record<'tenant' | 'platform', string>;

  private constructor(api: TestApi, victim: TestTenant, tokens: Record<'tenant' | 'platform', string>) {
    this.api = api;
    this.victim = victim;
    this.#tokens = tokens;
  }

  static async make(api: TestApi): Promise<FuzzedWorld> {
    const [tenant, victim, other] = [await api.tenant(), await api.tenant(), await api.tenant()];
    const exp = Math.floor(Date.now() / 1000) + 7200;
    const tokens = {
      tenant: await signToken({ tenant_id: tenant.id, role: 'admin', sub: 'tester', exp }),
      platform: await signToken({ role: 'platform', exp }),
    };
    const world = new FuzzedWorld(api, victim, tokens);
    const tasks = [{ title: 'Sketch', tags: ['design'], subtasks: [{ title: 'Home' }] }, { title: 'Brief' }];
    const project = { name: 'Website', tasks };
    for (const [owner, state] of [
      [tenant, 'live'],
      [victim, 'foreign'],
    ] as const) {
      const { json } = await owner.post('/api/v1/projects', project);
      world.#remember('project', state, json.id);
      const [blocked, , blocker] = json.tasks;
      await owner.call(`/api/v1/tasks/${blocked.id}/blockers/${blocker.id}`, { method: 'PUT' });
      for (const [resource, name] of [
        ['member', 'Ada'],
        ['api-key', 'script'],
      ] as const) {
        world.#remember(resource, state, (await owner.post(`/api/v1/${resource}s`, { name })).json.id);
      }
      for (const { id, tags } of json.tasks) {
        world.#remember('task', state, id);
        for (const tag of tags) world.#remember('tag', state, tag.id);
        const { json: comment } = await owner.post(`/api/v1/tasks/${id}/comments`, { body: 'What now?' });
        world.#remember('comment', state, comment.id);
      }
      const { rows } = await api.database.admin.query(
        `insert into members (tenant_id, name, subject) values ($1, 'Ada Lovelace', 'tester'), ($1, 'Grace Hopper', null)
         returning id`,
        [owner.id],
      );
      for (const { id } of rows) world.#remember('member', state, id);
    }
    // Never the tenant that is fuzzed: once suspended it would answer nothing but 403.
    world.#remember('tenant', 'live', other.id);
    return world;
  }

  #remember(resource: string, state: string, id: string): void {
    const known = this.#ids.get(`${resource} ${state}`) ?? [];
    this.#ids.set(`${resource} ${state}`, [...known, id].slice(-MEMORY));
  }

  /** Puts ids in for their placeholders. */
  #resolve(text: string): string {
    return text.replaceAll(/@([\w-]+):(\w+):(\d+)@/g, (_, resource, state, n) => {
      const known = this.#ids.get(`${resource} ${state}`) ?? [];
      return known[Number(n) % known.length] ?? randomUUID();
    });
  }

  /** Sends a request, holds its answer against what must be, and learns from it. Throws with both where it is not so. */
  async send(request: Fuzzed): Promise<void> {
    const { headers, body } = request;
    const path = this.#resolve(request.path);
    const query = this.#resolve(request.query);
    const sent = {
      method: request.method,
      headers: { ...this.#authorization(request), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? this.#resolve(body) : body }),
    };
    const url = query ? `${path}?${query}` : path;
    let reply: Reply | undefined;
    try {
      reply = await this.#call(url, sent);
      judge(request, reply, sent.body);
      this.#learn(request, path, reply);
      await this.#follow(request, reply, sent.headers);
    } catch (error) {
      const shown = typeof sent.body === 'string' ? sent.body : new TextDecoder().decode(sent.body);
      const answer = reply ? `${reply.status} ${reply.text}` : 'none';
      throw new Error(
        `${(error as Error).message}\n${request.intent} ${sent.method} ${url}\n${JSON.stringify(sent.headers)}\n` +
          `${shown.slice(0, 2000)}\n→ ${answer.slice(0, 2000)}`,
      );
    }
  }

  #authorization({ access }: Fuzzed): Record<string, string> {
    if (access === 'public') return {};
    return { Authorization: `Bearer ${access === 'platform' ? this.#tokens.platform : this.#tokens.tenant}` };
  }

  async #call(url: string, call: Parameters<TestApi['call']>[1]): Promise<Reply> {
    const reply = await this.api.call(url, call);
    this.sent++;
    this.statuses.set(String(reply.status), (this.statuses.get(String(reply.status)) ?? 0) + 1);
    return reply;
  }

  /** Every cursor that is given out must be good. */
  async #follow({ intent, query }: Fuzzed, { headers }: Reply, own: Record<string, string>): Promise<void> {
    const next = /^<(\/.*)>; rel="next"$/.exec(headers.get('Link') ?? '')?.[1];
    if (intent !== 'valid' || !next || query.includes('cursor=')) return;
    const { 'If-None-Match': _, ...others } = own;
    const { status, text } = await this.#call(next, { headers: others });
    // 404: the project of the list has been trashed meanwhile.
    expect([200, 404], `next page ${next}: ${text}`).toContain(status);
  }

  #learn({ operationId }: Fuzzed, path: string, { status, json }: Reply): void {
    const [, verb = '', resource = ''] = /^(\w+)-([\w-]+)$/.exec(operationId) ?? [];
    if (status === 201) {
      this.#remember(resource, 'live', json.id);
      for (const task of json.tasks?.slice(0, 5) ?? []) this.#remember('task', 'live', task.id);
      for (const tag of json.tags ?? []) this.#remember('tag', 'live', tag.id);
    }
    if (status === 204 && verb === 'delete' && resource)
      this.#remember(resource, 'trashed', path.split('/').at(-1) ?? '');
  }
}
