import * as z from 'zod';
import { Problem } from '../../problem.ts';
import { timeFilters } from './list-query.ts';
import { csv, jsonObjectParam, queryBoolean, queryInteger, queryTrue, searchText } from './parameters.ts';
import { assigneeRole, date, guid, tagName, tagNames, taskStatus } from './schemas.ts';

/** The filters of both lists of tasks. */
export const taskFilters = {
  status: csv(taskStatus.options).optional(),
  priority_min: queryInteger({ min: 0, max: 4 }).optional(),
  tag: z
    .union([tagName.transform((name) => [name]), tagNames])
    .optional()
    .meta({ description: 'The name of a tag. May be repeated: a task must have all of them.' }),
  project_id: guid.optional(),
  parent_id: z
    .union([z.literal('none').transform(() => null), guid])
    .optional()
    .meta({ description: 'An id, or `none` for tasks without parent.' }),
  due_after: date.optional(),
  due_before: date.optional(),
  overdue: queryTrue.optional(),
  blocked: queryBoolean.optional().meta({ description: 'Whether the task is blocked, as `is_blocked` says.' }),
  q: searchText.optional(),
  assignee: z
    .union([z.enum(['me', 'none']), guid])
    .optional()
    .meta({ description: 'The id of a member, `me` for the caller’s own, or `none` for tasks without assignee.' }),
  assignee_role: assigneeRole.optional().meta({ description: 'As what; beside an id or `me` in `assignee`.' }),
  metadata: jsonObjectParam.optional().meta({ description: 'A JSON object that the task’s must contain.' }),
  ...timeFilters,
};

/** @throws Problem `unprocessable` for a role of nobody */
export function checkAssigneeRole({
  assignee,
  assignee_role,
}: {
  assignee?: string | undefined;
  assignee_role?: string | undefined;
}): void {
  if (!assignee_role || (assignee && assignee !== 'none')) return;
  const message = 'needs an id or me in assignee';
  throw new Problem('unprocessable', `?assignee_role: ${message}`, {
    errors: [{ pointer: '?assignee_role', code: 'without_assignee', message }],
  });
}
