import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './prisma/generated/client.ts';
import { CONNECTIONS, databaseUrl, serveStore, type Tag } from './serve.ts';

/*
 * Prisma with the driver adapter for pg; relations are joined in the database.
 * https://www.prisma.io/docs/orm/overview/databases/postgresql and
 * …/prisma-client/queries/relation-queries#relation-load-strategies-preview
 */

const adapter = new PrismaPg({ connectionString: databaseUrl, max: CONNECTIONS }, { schema: 'bench_peers' });
const prisma = new PrismaClient({ adapter });

const TAGGINGS = { select: { tag: { select: { id: true, name: true, color: true } } } } as const;
const TASK = { include: { taggings: TAGGINGS }, omit: { tenant_id: true } } as const;
const TASKS = { ...TASK, orderBy: [{ position: 'asc' as const }, { id: 'asc' as const }] };
const NEWEST = [{ created_at: 'desc' }, { id: 'desc' }] as const;

interface TaskRow {
  due_on: Date | null;
  taggings: { tag: Tag }[];
}

/** A date as others write it, and the tags without what joins them. */
function task<T extends TaskRow>({ taggings, due_on, ...rest }: T) {
  const tags = taggings.map(({ tag }) => tag).sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...rest, due_on: due_on?.toISOString().slice(0, 10) ?? null, tags };
}

function project<T extends { tasks: TaskRow[] }>({ tasks, ...rest }: T) {
  return { ...rest, tasks: tasks.map(task) };
}

serveStore({
  project: async (tenant_id, id) => {
    const row = await prisma.project.findUnique({
      relationLoadStrategy: 'join',
      where: { id, tenant_id },
      omit: { tenant_id: true },
      include: { tasks: { ...TASKS, take: 200 } },
    });
    return row && project(row);
  },
  projects: async (tenant_id, limit) => {
    const rows = await prisma.project.findMany({
      relationLoadStrategy: 'join',
      where: { tenant_id },
      omit: { tenant_id: true },
      include: { tasks: { ...TASKS, take: 20 } },
      orderBy: [...NEWEST],
      take: limit,
    });
    return rows.map(project);
  },
  createTask: (tenant_id, project_id, { tags, ...given }) =>
    prisma.$transaction(async (tx) => {
      const found = await tx.project.findUnique({ where: { id: project_id, tenant_id }, select: { id: true } });
      if (!found) return undefined;
      const { _max } = await tx.task.aggregate({ where: { project_id }, _max: { position: true } });
      const named = await tx.tag.findMany({ where: { tenant_id, name: { in: tags } }, select: { id: true } });
      const taggings = { create: named.map(({ id }) => ({ tenant_id, tag: { connect: { id } } })) };
      const data = { ...given, tenant_id, project: { connect: { id: project_id } }, taggings };
      return task(await tx.task.create({ data: { ...data, position: (_max.position ?? 0) + 1 }, ...TASK }));
    }),
  updateTask: async (tenant_id, id, patch) => {
    const data = { ...patch, version: { increment: 1 }, updated_at: new Date() };
    return task(await prisma.task.update({ where: { id, tenant_id }, data, ...TASK }));
  },
  tasks: async (tenant_id, status, limit) => {
    const query = { where: { tenant_id, status }, orderBy: [...NEWEST], take: limit };
    return (await prisma.task.findMany({ relationLoadStrategy: 'join', ...query, ...TASK })).map(task);
  },
});
