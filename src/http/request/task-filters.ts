import { Problem } from '../../problem.ts';
import { timeFilters } from './list-query.ts';
import {
  csv,
  idOr,
  jsonObjectParam,
  queryBoolean,
  queryInteger,
  queryTrue,
  repeatable,
  searchText,
} from './parameters.ts';
import { assigneeRole, date, guid, tagName, tagNames, taskStatus } from './schemas.ts';

/** The filters of both lists of tasks. */
export const taskFilters = {
  status: csv(taskStatus.options).optional().meta({ description: 'A comma list of statuses: has one of them.' }),
  priority_min: queryInteger({ min: 0, max: 4 }).optional().meta({ description: 'Has at least this priority.' }),
  tag: repeatable(tagName, tagNames)
    .optional()
    .meta({ description: 'The name of a tag. May be repeated: a task must have all of them.' }),
  project_id: guid.optional().meta({ description: 'Is in this project.' }),
  parent_id: idOr('none')
    .transform((id) => (id === 'none' ? null : id))
    .optional()
    .meta({ description: 'Is directly below this task; `none` for tasks without parent.' }),
  due_after: date.optional().meta({ description: 'Is due later than this day.' }),
  due_before: date.optional().meta({ description: 'Is due earlier than this day.' }),
  overdue: queryTrue
    .optional()
    .meta({ description: 'Was due before today in UTC, and is neither completed nor cancelled.' }),
  blocked: queryBoolean.optional().meta({ description: 'Whether the task is blocked, as `is_blocked` says.' }),
  q: searchText.optional(),
  assignee: idOr('me', 'none')
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
