import type { Tool } from '../../../http/mcp/tool.ts';
import listProjectActivity from '../../activity/list-project-activity.ts';
import batch from '../../batch/batch.ts';
import createComment from '../../comments/create-comment.ts';
import listComments from '../../comments/list-comments.ts';
import listTaskComments from '../../comments/list-task-comments.ts';
import getMe from '../../me/get-me.ts';
import listMembers from '../../members/list-members.ts';
import createProject from '../../projects/create-project.ts';
import getProject from '../../projects/get-project.ts';
import getProjectStats from '../../projects/get-project-stats.ts';
import listProjects from '../../projects/list-projects.ts';
import updateProject from '../../projects/update-project.ts';
import listTags from '../../tags/list-tags.ts';
import createTask from '../../tasks/create-task.ts';
import deleteTask from '../../tasks/delete-task.ts';
import deleteTaskBlocker from '../../tasks/delete-task-blocker.ts';
import getTask from '../../tasks/get-task.ts';
import listTasks from '../../tasks/list-tasks.ts';
import putTaskBlocker from '../../tasks/put-task-blocker.ts';
import restoreTask from '../../tasks/restore-task.ts';
import updateTask from '../../tasks/update-task.ts';

/*
 * The endpoints that an assistant needs, as tools. Their schemas, titles and annotations are made from the definitions by
 * `npm run generate` (tools.json); what is written here is what a model cannot know from them.
 */

const PAGES = 'A page of 20 unless `limit` says otherwise; the next one with `page.next_cursor` as `cursor`.';
const KEEPS = 'What is left out stays as it is.';

/** Says who the caller is, with its role. */
export const whoAmI: Tool = {
  name: 'get_me',
  description: 'Tells who you act for: tenant, role, and the member that `me` stands for in filters, if there is one.',
  endpoint: getMe,
};

/** In the order in which an assistant meets them. */
export const tools: Tool[] = [
  whoAmI,
  {
    name: 'find_projects',
    description: `Lists projects, or finds some by words (\`q\`), name, tag or status, with their number of tasks. ${PAGES}`,
    endpoint: listProjects,
  },
  {
    name: 'get_project',
    description: 'Reads one project with its tasks, subtasks among them by `parent_id`, each with tags and assignees.',
    endpoint: getProject,
  },
  {
    name: 'get_project_stats',
    description: 'Counts a project’s tasks by status, tag and assignee, and says how many are overdue.',
    endpoint: getProjectStats,
  },
  {
    name: 'find_project_activity',
    description: `Tells what happened in a project: changes and comments, newest first. ${PAGES}`,
    endpoint: listProjectActivity,
  },
  {
    name: 'find_tasks',
    description: `Lists tasks of all projects, or finds some by words (\`q\`), project, status, tag, assignee, due date, or by being overdue or blocked. ${PAGES}`,
    endpoint: listTasks,
  },
  {
    name: 'get_task',
    description: 'Reads one task, also what blocks it and what it blocks.',
    endpoint: getTask,
  },
  {
    name: 'find_task_comments',
    description: `Reads what has been said about one task, oldest first. ${PAGES}`,
    endpoint: listTaskComments,
  },
  {
    name: 'find_comments',
    description: `Finds comments on any task by words (\`q\`), author or whom they mention, newest first. ${PAGES}`,
    endpoint: listComments,
  },
  {
    name: 'find_tags',
    description: `Lists the tags that there are, with their number of tasks. ${PAGES}`,
    endpoint: listTags,
  },
  {
    name: 'find_members',
    description: `Lists people, or finds some by name or email (\`q\`): their ids are what assignees and mentions take. ${PAGES}`,
    endpoint: listMembers,
  },
  {
    name: 'create_project',
    description:
      'Makes a project with up to 500 tasks, three levels deep, all or nothing. Tags are made where they do not exist.',
    endpoint: createProject,
  },
  {
    name: 'update_project',
    description: `Changes a project’s name, description, metadata or status (\`archived\` for one that is over). ${KEEPS}`,
    endpoint: updateProject,
  },
  {
    name: 'create_task',
    description:
      'Adds a task to a project, below another task with `parent_id`. Tags are made where they do not exist.',
    endpoint: createTask,
  },
  {
    name: 'update_task',
    description: `Changes a task, also its status, tags and assignees, or moves it. ${KEEPS} To change some of its tags or assignees, send what to \`add\` and what to \`remove\`.`,
    endpoint: updateTask,
  },
  {
    name: 'delete_task',
    description: 'Puts a task and all below it into the trash, from where restore_task takes it back for 30 days.',
    endpoint: deleteTask,
  },
  {
    name: 'restore_task',
    description: 'Takes a task out of the trash, with what went there with it.',
    endpoint: restoreTask,
  },
  {
    name: 'put_task_blocker',
    description: 'Says that a task cannot go on before another one, of any project, is done.',
    endpoint: putTaskBlocker,
  },
  {
    name: 'delete_task_blocker',
    description: 'Says that a task does not wait for another one any more.',
    endpoint: deleteTaskBlocker,
  },
  {
    name: 'create_comment',
    description: 'Says something about a task, in Markdown. `@[member id]` mentions somebody.',
    endpoint: createComment,
  },
  {
    name: 'plan_changes',
    description:
      'Carries out up to 100 changes that belong together, all or nothing; with `dry_run` it only tries them: do that first, and show what comes of it. Each is a request of the HTTP API: POST /api/v1/projects, POST /api/v1/projects/{id}/tasks, PATCH, DELETE or POST …/restore of /api/v1/projects/{id} and /api/v1/tasks/{id}, PUT or DELETE /api/v1/tasks/{id}/blockers/{id}, …/assignees/{id} and …/tags/{id}, POST /api/v1/tasks/{id}/comments. Bodies are what the tools for one change take. To refer to what an earlier operation makes, give that an `id` and write it in braces. Where the answers would be longer than 1 MiB together, nothing is done: send fewer at a time.',
    endpoint: batch,
    canBeTried: true,
  },
];
