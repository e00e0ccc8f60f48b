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
