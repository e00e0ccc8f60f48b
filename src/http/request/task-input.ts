import * as z from 'zod';
import { timeFilters } from './list-query.ts';
import {
  csv,
  date,
  description,
  guid,
  jsonObjectParam,
  metadata,
  name255,
  priority,
  queryInteger,
  queryTrue,
  searchText,
  tagName,
  tagNames,
  taskStatus,
} from './schemas.ts';

/** What a caller may say of a new task, wherever it is made. */
export const newTask = {
  title: name255,
  description: description.default(null),
  status: taskStatus.default('pending'),
  priority: priority.default(0),
  due_on: date.nullable().default(null),
  metadata: metadata.default({}),
  tags: tagNames.default([]),
};

/** `tags` in a patch: all names, or which to add and which to remove; the database tells whether one is in both. */
export const tagsPatch = z.union([
  tagNames,
  z.strictObject({ add: tagNames.default([]), remove: tagNames.default([]) }),
]);

export const taskSorts = ['position', 'created_at', 'updated_at', 'due_on', 'priority', 'title'] as const;

/** The filters of both lists of tasks. */
export const taskFilters = {
  status: csv(taskStatus.options).optional(),
  priority_min: queryInteger({ min: 0, max: 4 }).optional(),
  tag: z
    .union([tagName.transform((name) => [name]), tagNames])
    .optional()
    .meta({ description: 'A name; may be repeated: all must hold.' }),
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
