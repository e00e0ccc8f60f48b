import 'reflect-metadata';
import { DataSource, EntitySchema, In } from 'typeorm';
import { CONNECTIONS, databaseUrl, serveStore, type Tag } from './serve.ts';

/*
 * TypeORM: repositories, and `find` with relations. Entities are declared by EntitySchema, because Node runs no decorators.
 * https://typeorm.io/docs/entity/separating-entity-definition and …/docs/working-with-entity-manager/find-options
 */

interface Task {
  id: string;
  tenant_id: string;
  project_id: string;
  title: string;
  description: string | null;
  status: string;
  position: number;
  version: number;
  updated_at: Date;
  project: Project;
  tags: (Tag & { tenant_id: string })[];
  [other: string]: unknown;
}

interface Project {
  id: string;
  tenant_id: string;
  created_at: Date;
  tasks: Task[];
  [other: string]: unknown;
}

const id = { type: 'uuid', primary: true, generated: 'uuid' } as const;
const hidden = { type: 'uuid', select: false } as const;
const text = { type: 'text' } as const;
const maybe = { ...text, nullable: true } as const;
const moment = { type: 'timestamptz', precision: 3, nullable: true, default: () => 'now()' } as const;
const common = {
  id,
  tenant_id: hidden,
  description: maybe,
  metadata: { type: 'jsonb', default: {} },
  version: { type: 'integer', default: 1 },
  created_at: moment,
  updated_at: moment,
} as const;

const Projects = new EntitySchema<Project>({
  name: 'Project',
  tableName: 'projects',
  columns: { ...common, name: text, status: { ...text, default: 'active' } },
  relations: { tasks: { type: 'one-to-many', target: 'Task', inverseSide: 'project' } },
});

const Tags = new EntitySchema<Tag & { tenant_id: string }>({
  name: 'Tag',
  tableName: 'tags',
  columns: { id, tenant_id: hidden, name: text, color: maybe },
});

const Tasks = new EntitySchema<Task>({
  name: 'Task',
  tableName: 'tasks',
  columns: {
    ...common,
    project_id: { type: 'uuid' },
    parent_id: { type: 'uuid', nullable: true },
    title: text,
    status: { ...text, default: 'pending' },
    priority: { type: 'integer', default: 0 },
    due_on: { type: 'date', nullable: true },
    position: { type: 'double precision' },
    completed_at: { type: 'timestamptz', precision: 3, nullable: true },
  },
  relations: {
    project: { type: 'many-to-one', target: 'Project', inverseSide: 'tasks', joinColumn: { name: 'project_id' } },
    tags: {
      type: 'many-to-many',
      target: 'Tag',
      joinTable: { name: 'task_tags', joinColumn: { name: 'task_id' }, inverseJoinColumn: { name: 'tag_id' } },
    },
  },
});

/** The join table by itself, because it also has the tenant. */
const Taggings = new EntitySchema<{ tenant_id: string; task_id: string; tag_id: string }>({
  name: 'Tagging',
  tableName: 'task_tags',
  columns: {
    tenant_id: { type: 'uuid' },
    task_id: { type: 'uuid', primary: true },
    tag_id: { type: 'uuid', primary: true },
  },
});

const source = await new DataSource({
  type: 'postgres',
  url: databaseUrl,
  schema: 'bench_peers',
  poolSize: CONNECTIONS,
  entities: [Projects, Tasks, Tags, Taggings],
}).initialize();

const projects = source.getRepository(Projects);
const tasks = source.getRepository(Tasks);

const TAGS = { tags: { name: 'ASC' } } as const;
const TASKS = { tasks: { position: 'ASC', id: 'ASC', ...TAGS } } as const;
const NEWEST = { created_at: 'DESC', id: 'DESC' } as const;

/** Not by `order`, because a page by `take` goes wrong with an order of what is joined. */
function sortTags(shown: Task[]): Task[] {
  for (const { tags } of shown) tags.sort((a, b) => (a.name < b.name ? -1 : 1));
  return shown;
}

serveStore({
  project: (tenant_id, wanted) =>
    projects.findOne({ where: { id: wanted, tenant_id }, relations: { tasks: { tags: true } }, order: TASKS }),
  projects: async (tenant_id, limit) => {
    const relations = { tasks: { tags: true } };
    const found = await projects.find({ where: { tenant_id }, relations, order: NEWEST, take: limit });
    for (const project of found) sortTags(project.tasks.sort((a, b) => a.position - b.position));
    return found;
  },
  createTask: (tenant_id, project_id, { tags: names, ...given }) =>
    source.transaction(async (manager) => {
      if (!(await manager.existsBy(Projects, { id: project_id, tenant_id }))) return undefined;
      const last = (await manager.maximum(Tasks, 'position', { project_id })) ?? 0;
      const found = await manager.find(Tags, { where: { tenant_id, name: In(names) }, order: { name: 'ASC' } });
      const { generatedMaps } = await manager.insert(Tasks, { ...given, tenant_id, project_id, position: last + 1 });
      const task = { ...given, ...generatedMaps[0], project_id, position: last + 1 } as unknown as Task;
      await manager.insert(
        Taggings,
        found.map((tag) => ({ tenant_id, task_id: task.id, tag_id: tag.id })),
      );
      return { ...task, tags: found };
    }),
  updateTask: async (tenant_id, wanted, patch) => {
    const task = await tasks.findOne({ where: { id: wanted, tenant_id }, relations: { tags: true }, order: TAGS });
    if (!task) return undefined;
    Object.assign(task, patch, { version: task.version + 1, updated_at: new Date() });
    return tasks.save(task);
  },
  tasks: async (tenant_id, status, limit) => {
    const where = { tenant_id, status };
    return sortTags(await tasks.find({ where, relations: { tags: true }, order: NEWEST, take: limit }));
  },
});
