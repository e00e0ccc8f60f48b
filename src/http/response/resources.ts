import * as z from 'zod';
import { auditAction, projectStatus, resourceType, taskStatus, tenantStatus } from '../request/schemas.ts';

/* The schemas of the resources that responses show. */

const id = z.uuid().meta({ examples: ['01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b'] });
const moment = z.iso.datetime({ precision: 3 }).meta({ examples: ['2026-03-01T09:30:00.000Z'] });
const object = z.record(z.string(), z.unknown());
const createdBy = z.string().nullable().meta({ description: 'The `sub` of the token that made it.' });

export const Tenant = z
  .object({
    id,
    name: z.string(),
    status: tenantStatus,
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Tenant' });

export const Tag = z
  .object({
    id,
    name: z.string(),
    color: z.string().nullable(),
    version: z.int(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Tag' });

export const TagWithCount = Tag.extend({ task_count: z.int() }).meta({ id: 'TagWithCount' });

export const Task = z
  .object({
    id,
    project_id: id,
    parent_id: id.nullable(),
    title: z.string(),
    description: z.string().nullable(),
    status: taskStatus,
    priority: z.int(),
    due_on: z.iso.date().nullable(),
    position: z.number(),
    metadata: object,
    completed_at: moment.nullable(),
    version: z.int(),
    created_by: createdBy,
    created_at: moment,
    updated_at: moment,
    tags: z.array(Tag.pick({ id: true, name: true, color: true })),
  })
  .meta({ id: 'Task' });

export const TaskWithProject = Task.extend({ project: z.object({ id, name: z.string() }) }).meta({
  id: 'TaskWithProject',
});

export const TaskTree = Task.extend({
  get subtasks(): z.ZodArray<typeof TaskTree> {
    return z.array(TaskTree);
  },
}).meta({ id: 'TaskTree' });

/** With `include=subtasks` the whole tree below it. */
export const TaskDetail = TaskWithProject.extend({ subtasks: z.array(TaskTree).optional() }).meta({ id: 'TaskDetail' });

export const Project = z
  .object({
    id,
    name: z.string(),
    description: z.string().nullable(),
    status: projectStatus,
    metadata: object,
    version: z.int(),
    task_count: z.int(),
    created_by: createdBy,
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Project' });

const cursor = z.string().nullable();

export const ProjectWithTasks = Project.extend({
  tasks: z.array(Task),
  tasks_page: z.object({ limit: z.int(), has_more: z.boolean(), next_cursor: cursor }),
}).meta({ id: 'ProjectWithTasks' });

export const Stats = z
  .object({
    task_count: z.int(),
    by_status: z.object(
      Object.fromEntries(taskStatus.options.map((status) => [status, z.int()])) as Record<
        (typeof taskStatus.options)[number],
        z.ZodInt
      >,
    ),
    overdue_count: z.int(),
    completion_ratio: z.number().min(0).max(1),
    by_tag: z.array(TagWithCount.pick({ id: true, name: true, color: true, task_count: true })),
  })
  .meta({ id: 'Stats' });

export const Trashed = z
  .object({
    type: z.enum(['project', 'task']),
    id,
    name: z.string(),
    version: z.int(),
    deleted_at: moment,
    deleted_by: z.string().nullable(),
  })
  .meta({ id: 'Trashed' });

export const AuditEntry = z
  .object({
    id,
    at: moment,
    actor: z.string().nullable(),
    request_id: z.string().nullable(),
    action: auditAction,
    resource_type: resourceType,
    resource_id: id,
    changes: z.record(
      z.string(),
      z.tuple([z.unknown(), z.unknown()]).meta({
        description: '`[before, after]`',
        // By itself a tuple becomes `prefixItems`: here that says no more, and many tools do not know it yet.
        override: ({ jsonSchema }) => {
          delete jsonSchema.prefixItems;
          jsonSchema.items = {};
        },
      }),
    ),
  })
  .meta({ id: 'AuditEntry' });

/** A page of a list. `fields` can leave out any member of its items. */
export function listOf<S extends z.ZodRawShape>(item: z.ZodObject<S>) {
  return z.object({
    data: z.array(item.partial()),
    page: z.object({
      limit: z.int(),
      has_more: z.boolean(),
      next_cursor: cursor,
      total: z.int().optional().meta({ description: 'With `count=true`.' }),
    }),
  });
}

/** Names of an object's members, for `fields`. */
export function membersOf<T extends z.ZodObject>(schema: T): (keyof T['shape'] & string)[] {
  return Object.keys(schema.shape);
}
