import * as z from 'zod';
import { runOperations } from '../../db/queries/batch/run-operations.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import {
  namesOperation,
  type OperationEndpoint,
  operationError,
  operationsOf,
} from '../../http/endpoint/operations.ts';
import { onError } from '../../http/endpoint/request-context.ts';
import { operations } from '../../http/request/operations.ts';
import { BatchResults } from '../../http/response/results.ts';
import createComment from '../comments/create-comment.ts';
import deleteComment from '../comments/delete-comment.ts';
import updateComment from '../comments/update-comment.ts';
import createProject from '../projects/create-project.ts';
import deleteProject from '../projects/delete-project.ts';
import restoreProject from '../projects/restore-project.ts';
import updateProject from '../projects/update-project.ts';
import createTag from '../tags/create-tag.ts';
import deleteTag from '../tags/delete-tag.ts';
import updateTag from '../tags/update-tag.ts';
import createTask from '../tasks/create-task.ts';
import deleteTask from '../tasks/delete-task.ts';
import deleteTaskAssignee from '../tasks/delete-task-assignee.ts';
import deleteTaskBlocker from '../tasks/delete-task-blocker.ts';
import deleteTaskTag from '../tasks/delete-task-tag.ts';
import putTaskAssignee from '../tasks/put-task-assignee.ts';
import putTaskBlocker from '../tasks/put-task-blocker.ts';
import putTaskTag from '../tasks/put-task-tag.ts';
import restoreTask from '../tasks/restore-task.ts';
import updateTask from '../tasks/update-task.ts';

/*
 * Carries out several operations, one after another, in one transaction and one round trip: all or nothing. Each of them is a
 * request to another endpoint, whose schemas and query function make statements of it, which are sent together.
 */

/** What an operation can be a request to. */
export const endpoints: readonly OperationEndpoint[] = [
  ...[createProject, updateProject, deleteProject, restoreProject],
  ...[createTask, updateTask, deleteTask, restoreTask],
  ...[createTag, updateTag, deleteTag],
  ...[putTaskTag, deleteTaskTag, putTaskAssignee, deleteTaskAssignee, putTaskBlocker, deleteTaskBlocker],
  ...[createComment, updateComment, deleteComment],
];

const statementsOf = operationsOf(endpoints);

const batch = endpoint(
  {
    operationId: 'batch',
    method: 'post',
    path: '/api/v1/batch',
    summary: 'Carry out several operations at once',
    description: [
      'In their order, all or nothing, in one round trip. An operation is a POST, PUT, PATCH or DELETE of projects, tasks, tags and comments, of the tags, assignees and blockers of tasks, or a restore.',
      'Its `id` names what it makes: in the path of a later one, and as the whole of a member that takes an id, `{id}` stands for it.',
      'Where one fails, nothing is done: the problem is that one’s, with its number, from 0, as `operation` and pointers from `/operations/<number>` on. Where the form of several is wrong, `operation` is the first of them, and `errors` has up to 20 faults of all of them; what an operation’s own endpoint refuses is told of the first alone.',
    ].join('\n\n'),
    access: 'member',
    body: z.strictObject({ operations }),
    example: {
      operations: [
        { id: 'trip', method: 'POST', path: '/api/v1/projects', body: { name: 'Trip to Lisbon' } },
        { id: 'book', method: 'POST', path: '/api/v1/projects/{trip}/tasks', body: { title: 'Book' } },
        { method: 'POST', path: '/api/v1/projects/{trip}/tasks', body: { title: 'Seats', parent_id: '{book}' } },
        { method: 'POST', path: '/api/v1/tasks/{book}/comments', body: { body: 'Not before May.' } },
      ],
    },
    success: { status: 200, description: 'The answer to each operation', schema: BatchResults },
    problems: ['precondition_failed', ...new Set(endpoints.flatMap(({ definition }) => definition.problems ?? []))],
  },
  async (c) => {
    const { operations } = c.req.valid('json');
    const statements = await statementsOf(c, operations);
    try {
      return await runOperations(c.var.db, statements, { ...c.var.write, limitParameter: '/operations' });
    } catch (error) {
      throw operationError(error, operations);
    }
  },
);

batch.onError((error, c) => onError(namesOperation(error), c));

export default batch;
