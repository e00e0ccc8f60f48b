import { sql } from 'kysely';

/** Due before today (UTC, the time zone of every batch), and neither completed nor cancelled. */
export const isOverdue = sql<boolean>`(tasks.due_on < current_date and tasks.status not in ('completed', 'cancelled'))`;
