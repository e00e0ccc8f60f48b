import * as z from 'zod';
import { date, description, metadata, name255, priority, tagNames, taskStatus } from './schemas.ts';

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
