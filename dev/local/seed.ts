import type { Client } from 'pg';
import { type Login, withClient } from './database.ts';

/* A demo tenant with a project, tasks and tags, and people who work on them. */

/** The id of the tenant that `npm run dev` makes. */
export const DEMO_TENANT = '01976d5c-0000-7000-8000-000000000001';
const PROJECT = {
  name: 'Website Redesign',
  description: 'New look, faster pages, and a shop that works on a phone.',
  metadata: { budget: 48_000, currency: 'EUR' },
};
const TAG_COLORS = {
  backend: '#0E7490',
  content: '#A16207',
  design: '#7C3AED',
  frontend: '#15803D',
  urgent: '#DC2626',
};

/** The token that `npm run dev` prints is Ada's, by its subject. */
const MEMBERS = {
  ada: { subject: 'developer', name: 'Ada Lovelace', email: 'ada@example.com' },
  grace: { subject: 'grace', name: 'Grace Hopper', email: 'grace@example.com' },
  katherine: { subject: 'katherine', name: 'Katherine Johnson', email: null },
  // Never signs in.
  alan: { subject: null, name: 'Alan Turing', email: null },
};
type Person = keyof typeof MEMBERS;

interface Task {
  title: string;
  tags: (keyof typeof TAG_COLORS)[];
  assignees?: Partial<Record<Person, 'owner' | 'contributor' | 'reviewer' | 'watcher'>>;
  /** The titles of tasks that stand before this one. */
  blockedBy?: string[];
  /** Who says what; `@ada` mentions her. */
  comments?: [who: Person, body: string][];
  description?: string;
  status?: 'in_progress' | 'completed';
  priority?: number;
  /** In days from today. */
  due?: number;
  subtasks?: Task[];
}

const TASKS: Task[] = [
  {
    title: 'Design the home page',
    tags: ['design', 'urgent'],
    assignees: { ada: 'owner', grace: 'reviewer' },
    comments: [
      ['grace', 'The first screen should load **without** any script.'],
      ['ada', '@grace agreed. @katherine, can you say how many visitors have none?'],
    ],
    status: 'in_progress',
    priority: 3,
    due: 7,
    subtasks: [
      { title: 'Collect what visitors look for', tags: ['content'], status: 'completed', due: -3 },
      {
        title: 'Draw wireframes',
        tags: ['design'],
        assignees: { ada: 'contributor' },
        status: 'in_progress',
        priority: 2,
        due: 4,
      },
      { title: 'Choose photos', tags: ['content', 'design'], due: 6, blockedBy: ['Draw wireframes'] },
    ],
  },
  {
    title: 'Build the shop',
    tags: ['backend', 'frontend'],
    assignees: { grace: 'owner', alan: 'contributor', katherine: 'watcher' },
    description: 'Catalogue, basket and checkout.\nPayment stays with the present provider.',
    priority: 2,
    due: 30,
    subtasks: [
      {
        title: 'Checkout',
        tags: ['frontend'],
        due: 25,
        subtasks: [{ title: 'Try it on small screens', tags: ['frontend', 'design'], due: 24 }],
      },
      {
        title: 'Import the catalogue',
        tags: ['backend'],
        assignees: { katherine: 'owner' },
        comments: [['katherine', 'Done: 1 204 articles, of which 9 had no price.']],
        status: 'completed',
      },
    ],
  },
  { title: 'Move the old blog posts', tags: ['content'], priority: 1, due: -1 },
  { title: 'Announce the new site', tags: [], blockedBy: ['Build the shop'] },
];

export interface Tenant {
  id: string;
  name: string;
}

/**
 * Creates the demo tenant if there is no tenant at all, with the Worker's role and rights, so that it works on databases
 * where nobody is a superuser.
 * @returns the demo tenant, or else the oldest active one, if any; and whether it was made just now.
 */
export async function seed(worker: Login): Promise<{ tenant: Tenant | undefined; made: boolean }> {
  return withClient(worker, async (client) => {
    await client.query('begin');
    await client.query("select set_platform_context('seed', 'seed')");
    const { rowCount } = await client.query(
      'insert into tenants (id, name) select $1, $2 where not exists (select from tenants) on conflict do nothing',
      [DEMO_TENANT, 'Demo'],
    );
    const { rows } = await client.query<Tenant>(
      "select id, name from tenants where status = 'active' order by id = $1 desc, created_at, id limit 1",
      [DEMO_TENANT],
    );
    if (rowCount) await insertProject(client);
    await client.query('commit');
    return { tenant: rows[0], made: Boolean(rowCount) };
  });
}

async function insertProject(client: Client): Promise<void> {
  await client.query("select set_tenant_context($1, 'seed', 'seed')", [DEMO_TENANT]);
  await client.query('insert into tags (tenant_id, name, color) select $1, key, value from json_each_text($2)', [
    DEMO_TENANT,
    JSON.stringify(TAG_COLORS),
  ]);
  const { rows } = await client.query(
    'insert into projects (tenant_id, name, description, metadata) values ($1, $2, $3, $4) returning id',
    [DEMO_TENANT, PROJECT.name, PROJECT.description, PROJECT.metadata],
  );
  const memberIds = await insertMembers(client);
  const taskIds = new Map<string, string>();
  let position = 0;
  const insertTasks = async (tasks: Task[], parentId: string | null): Promise<void> => {
    for (const task of tasks) {
      const { title, tags, description, status, priority, due, subtasks } = task;
      const inserted = await client.query(
        `insert into tasks (tenant_id, project_id, parent_id, position, title, description, status, priority, due_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, current_date + $9::int) returning id`,
        [DEMO_TENANT, rows[0]?.id, parentId, ++position, title, description, status ?? 'pending', priority ?? 0, due],
      );
      const taskId = inserted.rows[0]?.id;
      taskIds.set(title, taskId);
      await client.query(
        'insert into task_tags (tenant_id, task_id, tag_id) select $1, $2, id from tags where tenant_id = $1 and name = any($3)',
        [DEMO_TENANT, taskId, tags],
      );
      await insertPeopleOf(client, task, taskId, memberIds);
      await client.query(
        'insert into dependencies (tenant_id, task_id, blocker_id) select $1, $2, unnest($3::uuid[])',
        [DEMO_TENANT, taskId, task.blockedBy?.map((blocker) => taskIds.get(blocker)) ?? []],
      );
      await insertTasks(subtasks ?? [], taskId);
    }
  };
  await insertTasks(TASKS, null);
}

type MemberIds = Record<Person, string>;

async function insertMembers(client: Client): Promise<MemberIds> {
  const { rows } = await client.query<{ key: Person; id: string }>(
    `with people as (select key, value, uuidv7() as id from json_each($2)),
     made as (
       insert into members (tenant_id, id, subject, name, email)
       select $1, id, value ->> 'subject', value ->> 'name', value ->> 'email' from people)
     select key, id from people`,
    [DEMO_TENANT, JSON.stringify(MEMBERS)],
  );
  return Object.fromEntries(rows.map(({ key, id }) => [key, id])) as MemberIds;
}

/** The assignees of a task, and its comments with who is mentioned in them. */
async function insertPeopleOf(client: Client, task: Task, taskId: string, memberIds: MemberIds): Promise<void> {
  for (const [who, role] of Object.entries(task.assignees ?? {})) {
    await client.query('insert into assignees (tenant_id, task_id, member_id, role) values ($1, $2, $3, $4)', [
      DEMO_TENANT,
      taskId,
      memberIds[who as Person],
      role,
    ]);
  }
  for (const [who, text] of task.comments ?? []) {
    const mentioned: string[] = [];
    const body = text.replaceAll(/@(\w+)/g, (_, name: Person) => {
      mentioned.push(memberIds[name]);
      return `@[${memberIds[name]}]`;
    });
    // Each a moment after the one before, because they stand in the order of their making.
    const { rows } = await client.query(
      `insert into comments (tenant_id, task_id, author_id, actor, body, created_at, updated_at)
       select $1, $2, $3, $4, $5, moment, moment from clock_timestamp() as moment returning id`,
      [DEMO_TENANT, taskId, memberIds[who], MEMBERS[who].subject, body],
    );
    await client.query(
      `insert into comment_mentions (tenant_id, comment_id, member_id, n)
       select $1, $2, id, n from unnest($3::uuid[]) with ordinality as mentioned (id, n)`,
      [DEMO_TENANT, rows[0]?.id, mentioned],
    );
  }
}
