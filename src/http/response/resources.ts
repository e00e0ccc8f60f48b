import * as z from 'zod';
import {
  activityType,
  assigneeRole,
  auditAction,
  changeAction,
  changeType,
  projectStatus,
  resourceType,
  taskStatus,
  tenantStatus,
  trashedType,
} from '../request/schemas.ts';
import { actor, count, id, metadata, moment, name, text, times, timestamp, version } from './members.ts';
import { MemberName } from './people.ts';

/* The schemas of the resources that responses show. */

export const Tenant = z
  .object({ id, name, status: tenantStatus, ...times })
  .meta({ id: 'Tenant', description: 'A customer of the deployment. No tenant sees anything of another.' });

export const Tag = z
  .object({
    id,
    name: text('Unique in the tenant, whatever its case and Unicode form.'),
    color: z
      .string()
      .nullable()
      .meta({ description: 'A colour, written `#RRGGBB`.', examples: ['#7A5CFF'] }),
    version,
    ...times,
  })
  .meta({ id: 'Tag', description: 'A word that tasks can be found by.' });

/** A tag where another resource shows it. */
const TagName = Tag.pick({ id: true, name: true, color: true }).meta({
  id: 'TagName',
  description: 'A tag, as a task shows it.',
});

const Assignee = MemberName.extend({
  role: assigneeRole,
  assigned_at: moment('When the member was assigned.'),
}).meta({ id: 'Assignee', description: 'A member who works on a task.' });

export const Comment = z
  .object({
    id,
    task_id: id.meta({ description: 'The id of the task that it is about.' }),
    author: MemberName.nullable().meta({
      description: 'Null where whoever wrote it is no member, or has been purged.',
    }),
    actor,
    body: text('Markdown, as it was sent.'),
    mentions: z.array(MemberName).meta({ description: 'The members whom it mentions, in their order.' }),
    version,
    ...times,
    edited_at: timestamp.nullable().meta({ description: 'When its text was last changed; null where it never was.' }),
  })
  .meta({ id: 'Comment', description: 'What somebody has said about a task.' });

const taskCount = count('How many tasks, without those in the trash.');

export const TagWithCount = Tag.extend({ task_count: taskCount }).meta({
  id: 'TagWithCount',
  description: 'A tag, with the number of its tasks.',
});

export const Task = z
  .object({
    id,
    project_id: id.meta({ description: 'The id of its project.' }),
    parent_id: id.nullable().meta({ description: 'The id of the task that it is directly below; null for none.' }),
    title: name,
    description: z.string().nullable().meta({ description: 'Text of any number of lines.' }),
    status: taskStatus,
    priority: z.int().meta({ description: 'From 0, none, to 4, the highest.', examples: [2] }),
    due_on: z.iso.date().nullable().meta({ description: 'The day on which it is due.' }),
    position: z.number().meta({ description: 'Where it stands in the order of its project.' }),
    metadata,
    completed_at: timestamp.nullable().meta({ description: 'When it was completed; null where it is not.' }),
    version: version.meta({
      description: '1 at first, and one more at every change of the task or of which tags it has.',
    }),
    created_by: actor,
    ...times,
    tags: z.array(TagName).meta({ description: 'Its tags, by name.' }),
    assignees: z.array(Assignee).meta({ description: 'Who works on it.' }),
    is_blocked: z
      .boolean()
      .meta({ description: 'Whether another task blocks it that is neither completed, cancelled nor in the trash.' }),
    comment_count: count('How many comments it has.'),
  })
  .meta({ id: 'Task', description: 'A task of a project.' });

export const TaskWithProject = Task.extend({
  project: z.object({ id, name }).meta({ id: 'ProjectName', description: 'A project, as other resources show it.' }),
}).meta({ id: 'TaskWithProject', description: 'A task, with the name of its project.' });

export const TaskTree = Task.extend({
  get subtasks(): z.ZodArray<typeof TaskTree> {
    return z.array(TaskTree).meta({ description: 'The tasks directly below it, in their order.' });
  },
}).meta({ id: 'TaskTree', description: 'A task with all tasks below it.' });

const Dependency = Task.pick({ id: true, project_id: true, title: true, status: true }).meta({
  id: 'Dependency',
  description: 'A task that blocks another, or is blocked by it.',
});

/** With `include=subtasks` the whole tree below it. */
export const TaskDetail = TaskWithProject.extend({
  blocked_by: z
    .array(Dependency)
    .meta({ description: 'The tasks that block it, by title, without those in the trash.' }),
  blocks: z.array(Dependency).meta({ description: 'The tasks that it blocks, by title, without those in the trash.' }),
  subtasks: z.array(TaskTree).optional().meta({ description: 'With `include=subtasks`: the whole tree below it.' }),
}).meta({ id: 'TaskDetail', description: 'A task, with its project and its dependencies.' });

export const Project = z
  .object({
    id,
    name,
    description: z.string().nullable().meta({ description: 'Text of any number of lines.' }),
    status: projectStatus,
    metadata,
    version,
    task_count: taskCount,
    created_by: actor,
    ...times,
  })
  .meta({ id: 'Project', description: 'A project, without its tasks.' });

/** What is said of a page. */
export const pageMembers = {
  limit: count('How many rows a page has at most.'),
  has_more: z.boolean().meta({ description: 'Whether there is a next page.' }),
  next_cursor: z.string().nullable().meta({ description: 'The `cursor` of the next page; null on the last one.' }),
};

export const ProjectWithTasks = Project.extend({
  tasks: z
    .array(Task)
    .meta({ description: 'Its first tasks by position, subtasks among them with their `parent_id`.' }),
  tasks_page: z
    .object(pageMembers)
    .meta({ id: 'ProjectTasksPage', description: 'Where the tasks go on, at `GET /api/v1/projects/{id}/tasks`.' }),
}).meta({ id: 'ProjectWithTasks', description: 'A project with its first tasks.' });

export const Stats = z
  .object({
    task_count: taskCount,
    by_status: z
      .object(
        Object.fromEntries(taskStatus.options.map((status) => [status, count(`How many are ${status}.`)])) as Record<
          (typeof taskStatus.options)[number],
          z.ZodInt
        >,
      )
      .meta({ id: 'TasksByStatus', description: 'How many tasks have which status.' }),
    overdue_count: count('How many were due before today in UTC, and are neither completed nor cancelled.'),
    completion_ratio: z
      .number()
      .min(0)
      .max(1)
      .meta({ description: 'Completed ÷ (all − cancelled), 0 if there are none.' }),
    by_tag: z
      .array(
        TagName.extend({ task_count: taskCount }).meta({
          id: 'TagShare',
          description: 'A tag, with the number of tasks of the project that have it.',
        }),
      )
      .meta({ description: 'By number of tasks, descending, then by name.' }),
    by_assignee: z
      .array(
        MemberName.extend({ task_count: taskCount }).meta({
          id: 'AssigneeShare',
          description: 'A member, with the number of tasks of the project that it works on.',
        }),
      )
      .meta({ description: 'By number of tasks, descending, then by name.' }),
  })
  .meta({ id: 'Stats', description: 'What the tasks of a project add up to.' });

export const Trashed = z
  .object({
    type: trashedType,
    id,
    name: text('The name of the project, or the title of the task.'),
    version,
    deleted_at: moment('When it was put into the trash.'),
    deleted_by: actor,
  })
  .meta({ id: 'Trashed', description: 'A project or a task in the trash.' });

export const AuditEntry = z
  .object({
    id,
    at: moment('When it was done.'),
    actor,
    request_id: z.string().nullable().meta({ description: 'The `X-Request-Id` of the request that did it.' }),
    action: auditAction,
    resource_type: resourceType,
    resource_id: id.meta({ description: 'The id of the resource that was changed.' }),
    changes: z
      .record(
        z.string(),
        z.tuple([z.unknown(), z.unknown()]).meta({
          description: '`[before, after]`',
          // By itself a tuple becomes `prefixItems`: here that says no more, and many tools do not know it yet.
          override: ({ jsonSchema }) => {
            delete jsonSchema.prefixItems;
            jsonSchema.items = {};
          },
        }),
      )
      .meta({ id: 'Changes', description: 'The members that were changed, each with its value before and after.' }),
  })
  .meta({ id: 'AuditEntry', description: 'One change, as the audit log keeps it.' });

const { at, action, resource_type, resource_id, changes } = AuditEntry.shape;

export const ActivityEntry = z
  .object({
    id,
    at,
    actor,
    member: MemberName.nullable().meta({ description: 'The member who acted, where it was one.' }),
    type: activityType,
    action,
    resource_type,
    resource_id,
    changes,
    comment: Comment.nullable().meta({ description: 'What the comment says now; null for a change.' }),
  })
  .meta({ id: 'ActivityEntry', description: 'A change or a comment, as the activity shows it.' });

export const Change = z
  .object({
    type: changeType,
    id: id.meta({ description: 'The id of the resource.' }),
    action: changeAction,
    version: version.nullable().meta({ description: 'The version that `resource` has; null with it.' }),
    at: moment('When it was changed.'),
    actor,
    resource: z
      .looseObject({ id, version, ...times })
      .meta({
        id: 'ChangedResource',
        description:
          'A project, task, tag, member or comment as its list shows it, without `task_count`, `comment_count` and `is_blocked`, which change without a new version of it.',
      })
      .nullable()
      .meta({ description: 'The resource as it is now; null where it is not there.' }),
  })
  .meta({ id: 'Change', description: 'A resource that has changed, or is there.' });

/** Names of an object's members, for `fields`. */
export function membersOf<T extends z.ZodObject>(schema: T): (keyof T['shape'] & string)[] {
  return Object.keys(schema.shape);
}
