import { createClient, type OnetripError } from '@onetrip/client';

/* What is done in every runtime with the client as it is published; what it gives must be the same everywhere. */

/** @param fetch in place of the runtime's own */
export async function scenario(
  baseUrl: string,
  token: string,
  fetch = (url: string, init: RequestInit) => globalThis.fetch(url, init),
) {
  const statuses: number[] = [];
  let answersToLose = 0;
  const onetrip = createClient({
    baseUrl,
    token: async () => token,
    cache: 10,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      statuses.push(response.status);
      if (answersToLose-- > 0) throw new TypeError('lost');
      return response;
    },
  });
  answersToLose = 1;
  const project = await onetrip.projects.create({
    name: 'Grüße, 日本 🧳',
    tasks: Array.from({ length: 5 }, (_, n) => ({ title: `task ${n}`, tags: ['a & b'] })),
  });
  const titles: string[] = [];
  for await (const { title } of onetrip.projects.tasks.list(project, { status: ['pending'], tag: 'a & b', limit: 2 })) {
    titles.push(title);
  }
  await onetrip.projects.update(project, { description: 'new' });
  const stale: OnetripError = await onetrip.projects.update(project, { description: 'stale' }).catch((error) => error);
  await onetrip.projects.get(project);
  const { name, version, ...rest } = await onetrip.projects.get(project);
  await onetrip.projects.delete({ id: project.id, version });
  const restored = await onetrip.projects.restore(project.id);
  const invalid: OnetripError = await onetrip.tags.create({ name: '' }).catch((error) => error);
  const aborted: Error = await onetrip.me.get({ signal: AbortSignal.abort() }).catch((error) => error);
  const { data } = await onetrip.projects.list().page();
  return {
    statuses,
    titles,
    stale: [stale.code, stale.currentVersion, typeof stale.requestId],
    name,
    tasks: rest.tasks.length,
    restored: restored.version,
    pointers: invalid.errors.map(({ pointer }) => pointer),
    aborted: aborted.name,
    projects: data.length,
  };
}

/** What it gives. */
