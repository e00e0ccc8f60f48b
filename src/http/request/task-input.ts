import * as z from 'zod';
import {
  assigneeRole,
  date,
  description,
  fault,
  guid,
  metadata,
  name255,
  priority,
  tagNames,
  taskStatus,
} from './schemas.ts';

const role = assigneeRole.default('contributor');
const MAX_ASSIGNEES = 20;

/** Members to assign to one task, each once, at most one of them as its owner. */
const assignees = z
  .array(
    z
      .strictObject({ member_id: guid.meta({ description: 'The id of an active member.' }), role })
      .meta({ id: 'NewAssignee', description: 'A member to assign to a task, and as what.' }),
  )
  .max(MAX_ASSIGNEES)
  .refine(
    (list) => new Set(list.map(({ member_id }) => member_id)).size === list.length,
    fault('repeated', 'must name each member once'),
  )
  .refine(
    (list) => list.filter((one) => one.role === 'owner').length <= 1,
    fault('two_owners', 'must have at most one owner'),
  )
  .meta({ description: `At most ${MAX_ASSIGNEES} members, each once, at most one of them as the owner.` });

/** What a caller may say of a new task, wherever it is made. */
export const newTask = {
  title: name255,
  description: description.default(null),
  status: taskStatus.default('pending'),
  priority: priority.default(0),
  due_on: date.nullable().default(null).meta({ description: 'The day on which it is due.' }),
  metadata: metadata.default({}),
  tags: tagNames.default([]),
  assignees: assignees.default([]),
};

/** `tags` in a patch: all names, or which to add and which to remove; the database tells whether one is in both. */
export const tagsPatch = z
  .union([
    tagNames,
    z
      .strictObject({
        add: tagNames.default([]).meta({ description: 'Names of tags to put on the task.' }),
        remove: tagNames
          .default([])
          .meta({ description: 'Names of tags to take off the task.', examples: [['later']] }),
      })
      .meta({ id: 'TagsChange', description: 'Tags to add and to remove; no name in both.' }),
  ])
  .meta({ description: 'The names of all tags that the task shall have, or which to add and which to remove.' });

/** `assignees` in a patch: all of them, or whom to add, or give another role, and whom to remove. */
export const assigneesPatch = z
  .union([
    assignees,
    z
      .strictObject({
        add: assignees.default([]).meta({ description: 'Members to assign, or to give another role.' }),
        remove: z
          .array(guid)
          .max(MAX_ASSIGNEES)
          .default([])
          .meta({
            description: 'Ids of members who shall no longer be assigned.',
            examples: [['01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6c']],
          }),
      })
      .refine(
        ({ add, remove }) => !add.some(({ member_id }) => remove.includes(member_id)),
        fault('contradiction', 'must not have one member in add and remove'),
      )
      .meta({ id: 'AssigneesChange', description: 'Members to assign and to remove; nobody in both.' }),
  ])
  .meta({ description: 'All assignees that the task shall have, or whom to add and whom to remove.' });

/** The body that gives an assignee a role. */
export const assigneeInput = { role };
