import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { createProject } from '../../db/queries/projects/create-project.ts';
import type { NewTask } from '../../db/queries/tasks/insert-tasks.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { description, fault, metadata, name255, projectStatus } from '../../http/request/schemas.ts';
import { newTask } from '../../http/request/task-input.ts';
import { ProjectWithTasks } from '../../http/response/resources.ts';
import { validationFailed } from '../../problem.ts';

/*
 * Makes a project with its tasks, subtasks, tags and assignees: all or nothing, in one round trip. Tags that do not exist are
 * created. Positions count in the order of the document, a parent before its subtasks.
 */

const MAX_TASKS = 500;

/** Tasks of the third level have no subtasks, but an empty list is accepted, because some clients always send one. */
const noSubtasks = z
  .array(z.unknown())
  .refine((list) => list.length === 0, fault('too_deep', 'lies deeper than three levels'))
  .transform(() => undefined)
  .optional()
  .meta({ maxItems: 0, description: 'Empty: a task of the third level has none.' });
const subtasks = <T extends z.ZodObject>(task: T) =>
  z.array(task).default([]).meta({ description: 'The tasks directly below it, in their order.' });
const lowestTask = z
  .strictObject({ ...newTask, subtasks: noSubtasks })
  .meta({ id: 'NewSubsubtask', description: 'A new task of the third level.' });
const middleTask = z
  .strictObject({ ...newTask, subtasks: subtasks(lowestTask) })
  .meta({ id: 'NewSubtask', description: 'A new task below another, with its subtasks.' });
const topTask = z
  .strictObject({ ...newTask, subtasks: subtasks(middleTask) })
  .meta({ id: 'NewTask', description: 'A new task of a new project, with its subtasks.' });

type Nested = Omit<z.output<typeof lowestTask>, 'subtasks'> & { subtasks?: Nested[] | undefined };

export default endpoint(
  {
    operationId: 'create-project',
    method: 'post',
    path: '/api/v1/projects',
    summary: 'Create a project with its tasks',
    description: `All or nothing, in one round trip. At most ${MAX_TASKS} tasks in all, three levels deep. Tags that do not exist are created. Positions count in the order of the document, a parent before its subtasks.`,
    access: 'member',
    body: z.strictObject({
      name: name255,
      description: description.default(null),
      status: projectStatus.default('active'),
      metadata: metadata.default({}),
      tasks: z
        .array(topTask)
        .default([])
        .meta({ description: `Its tasks, in their order; at most ${MAX_TASKS} with all their subtasks.` }),
    }),
    example: {
      name: 'Website Redesign',
      description: 'Redesign company website',
      tasks: [{ title: 'Sketch', tags: ['design'], subtasks: [{ title: 'Home page' }] }, { title: 'Build' }],
    },
    success: { status: 201, description: 'The project with all its tasks', schema: ProjectWithTasks },
    problems: ['unprocessable'],
  },
  async (c) => {
    const { tasks: nested, ...project } = c.req.valid('json');
    const id = uuidv7();
    return createProject(c.var.db, { id, ...project }, inDocumentOrder(nested), {
      ...c.var.write,
      location: `/api/v1/projects/${id}`,
      limitParameter: '/tasks',
    });
  },
);

/** The nested tasks as rows with ids of their own, each parent before its subtasks. */
function inDocumentOrder(nested: Nested[]): NewTask[] {
  const rows: NewTask[] = [];
  const add = (tasks: Nested[], parentId: string | null, path: string) => {
    for (const [n, { subtasks = [], ...task }] of tasks.entries()) {
      const id = uuidv7();
      const pointer = `${path}/${n}`;
      rows.push({ ...task, id, parent_id: parentId, position: rows.length + 1, pointer });
      add(subtasks, id, `${pointer}/subtasks`);
    }
  };
  add(nested, null, '/tasks');
  if (rows.length > MAX_TASKS) {
    const message = `must hold at most ${MAX_TASKS} tasks in all`;
    throw validationFailed([{ pointer: '/tasks', code: 'too_long', message }]);
  }
  return rows;
}
