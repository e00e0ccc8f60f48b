import type { Contender } from './contender.ts';
import { DESCRIPTION, type Job, nextStatus, type Request, STATUS, TITLE, TITLE_START, threeTags } from './jobs.ts';
import { AUTHENTICATOR, WEB_ROLE } from './peer-schema.ts';
import { startNode } from './programs.ts';

/* PostGraphile, ../peers/postgraphile.ts: the jobs as GraphQL. */

const TASK = `rowId projectId parentId title description status priority dueOn position metadata completedAt version
  createdAt updatedAt taskTagsByTaskId { nodes { tagByTagId { rowId name color } } }`;
const PROJECT = 'rowId name description status metadata version createdAt updatedAt';
const tasks = (first: number) =>
  `tasksByProjectId(first: ${first}, orderBy: [POSITION_ASC, ROW_ID_ASC]) { nodes { ${TASK} } }`;
const NEWEST = 'orderBy: [CREATED_AT_DESC, ROW_ID_DESC]';

const QUERIES: Partial<Record<Job, string>> = {
  A: `query ($id: UUID!) { projectByRowId(rowId: $id) { ${PROJECT} ${tasks(200)} } }`,
  B: `{ allProjects(first: 20, ${NEWEST}) { nodes { ${PROJECT} ${tasks(20)} } } }`,
  D: `mutation ($input: CreateTaggedTaskInput!) { createTaggedTask(input: $input) { result } }`,
  E: `mutation ($input: UpdateTaskByRowIdInput!) { updateTaskByRowId(input: $input) { task { ${TASK} } } }`,
  F: `query ($status: String!) { allTasks(first: 50, condition: { status: $status }, ${NEWEST}) { nodes { ${TASK} } } }`,
};

export const postgraphile: Contender = {
  name: 'PostGraphile',
  side: 'peer',
  start: async ({ cluster, database, secret }) => {
    const settings = { databaseUrl: cluster.url(database, AUTHENTICATOR), secret, role: WEB_ROLE };
    const program = await startNode<{ port: number }>('peers/postgraphile.ts', settings);
    return { origin: `http://127.0.0.1:${program.ready.port}`, pids: [program.pid] };
  },
  operations: (job, targets) => {
    const query = QUERIES[job];
    if (!query) return undefined;
    const headers = { Authorization: `Bearer ${targets.token}`, 'Content-Type': 'application/json' };
    const send = (variables: object): Request[] => [
      {
        ...{ method: 'POST', path: '/graphql', headers, status: 200, body: JSON.stringify({ query, variables }) },
        ...(job === 'D' || job === 'E' ? { contains: TITLE_START } : {}),
      },
    ];
    const { projects, written } = targets;
    switch (job) {
      case 'A':
        return projects.map((id) => send({ id }));
      case 'D':
        return written.projects.map((project, n) =>
          send({ input: { project, title: TITLE, description: DESCRIPTION, tags: threeTags(targets, n) } }),
        );
      case 'E':
        return written.tasks.map((rowId, n) =>
          send({ input: { rowId, taskPatch: { title: TITLE, status: nextStatus(n) } } }),
        );
      default:
        return [send({ status: STATUS })];
    }
  },
  shape: (job, body) => {
    const { data, errors } = body as { data: Record<string, Row>; errors?: unknown };
    if (errors) throw new Error(`PostGraphile: ${JSON.stringify(errors)}`);
    if (job === 'A') return project(data.projectByRowId as Row);
    return ((data.allProjects ?? data.allTasks ?? { nodes: [] }).nodes as Row[]).map(job === 'B' ? project : task);
  },
};

type Row = Record<string, unknown>;

/** The members as the others name them. */
function renamed(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name === 'rowId' ? 'id' : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

function task({ taskTagsByTaskId, ...row }: Row): Row {
  const { nodes } = taskTagsByTaskId as { nodes: { tagByTagId: Row }[] };
  return { ...renamed(row), tags: nodes.map(({ tagByTagId }) => renamed(tagByTagId)) };
}

function project({ tasksByProjectId, ...row }: Row): Row {
  return { ...renamed(row), tasks: (tasksByProjectId as { nodes: Row[] }).nodes.map(task) };
}
