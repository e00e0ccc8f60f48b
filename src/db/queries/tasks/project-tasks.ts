/** The name of the list of one project's tasks, with which the tasks that are nested in a project continue. */
export const PROJECT_TASKS = 'project-tasks';
