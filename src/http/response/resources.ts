import * as z from 'zod';
import {
  API_KEY_PATTERN,
  activityType,
  apiKeyRole,
  apiKeyStatus,
  assigneeRole,
  auditAction,
  memberStatus,
  projectStatus,
  resourceType,
  taskStatus,
  tenantStatus,
} from '../request/schemas.ts';

/* The schemas of the resources that responses show. */

const id = z.uuid().meta({ examples: ['01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b'] });
const moment = z.iso.datetime({ precision: 3 }).meta({ examples: ['2026-03-01T09:30:00.000Z'] });
const object = z.record(z.string(), z.unknown());
const actor = z.string().nullable().meta({
  description: 'Who acted: the `sub` of a token, `api-key:<id>`, or `member:<id>` for somebody who has been purged.',
});
const createdBy = actor;

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

export const Member = z
  .object({
    id,
    subject: z
      .string()
      .nullable()
      .meta({ description: 'The `sub` of this person’s tokens; null for somebody who never signs in.' }),
    name: z.string(),
    email: z.string().nullable(),
    status: memberStatus,
    version: z.int(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Member' });

/** A member where another resource shows it. */
export const MemberName = Member.pick({ id: true, name: true }).meta({ id: 'MemberName' });

export const Me = z
  .object({
    subject: z.string().nullable().meta({ description: 'The `sub` of the token; null for an API key.' }),
    role: apiKeyRole,
    tenant: z.object({ id, name: z.string() }),
    member: Member.nullable().meta({
      description: 'The member whose subject this is, or for whom the API key acts; null where there is none.',
    }),
    credential: z.enum(['token', 'api_key']),
  })
  .meta({ id: 'Me' });

export const ApiKey = z
  .object({
    id,
    name: z.string(),
    role: apiKeyRole,
    member_id: id
      .nullable()
      .meta({ description: 'For whom the key acts. While that member is deactivated, it is refused.' }),
    status: apiKeyStatus,
    expires_at: moment.nullable(),
    created_at: moment,
    created_by: createdBy,
    revoked_at: moment.nullable(),
  })
  .meta({ id: 'ApiKey' });

export const NewApiKey = ApiKey.extend({
  key: z.string().nullable().meta({
    pattern: API_KEY_PATTERN,
    description: 'The key itself, shown this once: an answer that is given back for an Idempotency-Key has null.',
  }),
}).meta({ id: 'NewApiKey' });

export const Assignee = MemberName.extend({ role: assigneeRole, assigned_at: moment }).meta({
  id: 'Assignee',
  description: 'A member who works on a task.',
});

export const Comment = z
  .object({
    id,
    task_id: id,
    author: MemberName.nullable().meta({
      description: 'Null where whoever wrote it is no member, or has been purged.',
    }),
    actor,
    body: z.string().meta({ description: 'Markdown, as it was sent.' }),
    mentions: z.array(MemberName),
    version: z.int(),
    created_at: moment,
    updated_at: moment,
    edited_at: moment.nullable(),
  })
  .meta({ id: 'Comment' });

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
    assignees: z.array(Assignee),
    is_blocked: z
      .boolean()
      .meta({ description: 'Whether another task blocks it that is neither completed, cancelled nor in the trash.' }),
    comment_count: z.int(),
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

const Dependency = Task.pick({ id: true, project_id: true, title: true, status: true }).meta({
  id: 'Dependency',
  description: 'A task that blocks another, or is blocked by it.',
});

/** With `include=subtasks` the whole tree below it. */
export const TaskDetail = TaskWithProject.extend({
  blocked_by: z.array(Dependency).meta({ description: 'By title, without those in the trash.' }),
  blocks: z.array(Dependency).meta({ description: 'By title, without those in the trash.' }),
  subtasks: z.array(TaskTree).optional(),
}).meta({ id: 'TaskDetail' });

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

/** In a list, where the tasks are nested with `include=tasks` only. */
export const ListedProject = ProjectWithTasks.partial({ tasks: true, tasks_page: true }).meta({ id: 'ListedProject' });

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
    by_assignee: z.array(MemberName.extend({ task_count: z.int() })),
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
    actor,
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

const { action, resource_type, resource_id, changes } = AuditEntry.shape;

export const ActivityEntry = z
  .object({
    id,
    at: moment,
    actor,
    member: MemberName.nullable().meta({ description: 'The member who acted, where it was one.' }),
    type: activityType,
    action,
    resource_type,
    resource_id,
    changes,
    comment: Comment.nullable().meta({ description: 'What the comment says now; null for a change.' }),
  })
  .meta({ id: 'ActivityEntry' });

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
