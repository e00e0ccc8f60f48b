import { defineRelations, sql } from 'drizzle-orm';
import {
  date,
  doublePrecision,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

/* The tables as Drizzle knows them. https://orm.drizzle.team/docs/relations-v2 */

const peers = pgSchema('bench_peers');
const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const projects = peers.table('projects', {
  id: uuid().primaryKey().default(sql`uuidv7()`),
  tenant_id: uuid().notNull(),
  name: text().notNull(),
  description: text(),
  status: text().notNull().default('active'),
  metadata: jsonb().notNull().default({}),
  version: integer().notNull().default(1),
  created_at: moment('created_at').notNull().defaultNow(),
  updated_at: moment('updated_at').notNull().defaultNow(),
});

export const tasks = peers.table('tasks', {
  id: uuid().primaryKey().default(sql`uuidv7()`),
  tenant_id: uuid().notNull(),
  project_id: uuid().notNull(),
  parent_id: uuid(),
  title: text().notNull(),
  description: text(),
  status: text().notNull().default('pending'),
  priority: integer().notNull().default(0),
  due_on: date(),
  position: doublePrecision().notNull(),
  metadata: jsonb().notNull().default({}),
  completed_at: moment('completed_at'),
  version: integer().notNull().default(1),
  created_at: moment('created_at').notNull().defaultNow(),
  updated_at: moment('updated_at').notNull().defaultNow(),
});

export const tags = peers.table('tags', {
  id: uuid().primaryKey().default(sql`uuidv7()`),
  tenant_id: uuid().notNull(),
  name: text().notNull(),
  color: text(),
});

export const taskTags = peers.table(
  'task_tags',
  { tenant_id: uuid().notNull(), task_id: uuid().notNull(), tag_id: uuid().notNull() },
  (table) => [primaryKey({ columns: [table.task_id, table.tag_id] })],
);

export const relations = defineRelations({ projects, tasks, tags, taskTags }, (r) => ({
  projects: { tasks: r.many.tasks({ from: r.projects.id, to: r.tasks.project_id }) },
  tasks: {
    tags: r.many.tags({ from: r.tasks.id.through(r.taskTags.task_id), to: r.tags.id.through(r.taskTags.tag_id) }),
  },
}));
