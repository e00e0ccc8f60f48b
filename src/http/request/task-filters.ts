import * as z from 'zod';
import { timeFilters } from './list-query.ts';
import {
  csv,
  date,
  guid,
  jsonObjectParam,
  queryInteger,
  queryTrue,
  searchText,
  tagName,
  tagNames,
  taskStatus,
} from './schemas.ts';

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
  q: searchText.optional(),
  metadata: jsonObjectParam.optional().meta({ description: 'A JSON object that the task’s must contain.' }),
  ...timeFilters,
};
