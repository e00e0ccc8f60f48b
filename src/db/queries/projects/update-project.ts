import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Database } from '../../client/database.ts';
import { type Reply, writeAnswer } from '../../client/representation.ts';
import { type Expected, lockRow } from '../../sql/lock.ts';
import { projectMembers } from '../../sql/representations.ts';

export interface ProjectPatch {
  name?: string | undefined;
  description?: string | null | undefined;
  status?: 'active' | 'archived' | undefined;
  /** Merged into what is there (RFC 7396). */
  metadata?: Record<string, unknown> | undefined;
}

/** Changes what the patch names, and answers with the project as lists show it. */
export function updateProject(db: Database, id: string, patch: ProjectPatch, expected: Expected, reply: Reply) {
  const { metadata, ...named } = patch;
  const update = db.query
    .updateTable('projects')
    .set({ ...named, ...(metadata ? { metadata: mergedMetadata('projects', metadata) } : {}) })
    .where('tenant_id', '=', db.tenantId)
    .where('id', '=', id);
  const changes = Object.values(patch).some((value) => value !== undefined);
  return writeAnswer(
    db,
    reply,
    [lockRow(db, 'project', id, { expected }), ...(changes ? [update] : [])],
    oneProject(db, id),
  );
}

/** The new metadata of a row: the patch merged into the old ones. */
export function mergedMetadata(table: 'projects' | 'tasks', patch: Record<string, unknown>) {
  return sql<never>`merge_patch(${sql.ref(`${table}.metadata`)}, ${JSON.stringify(patch)}::jsonb)`;
}

/** One project outside the trash, without its tasks. */
export function oneProject(db: Database, id: string) {
  return db.query
    .selectFrom('projects')
    .where('projects.tenant_id', '=', db.tenantId)
    .where('projects.id', '=', id)
    .where('projects.deleted_at', 'is', null)
    .select(['projects.version', jsonBuildObject(projectMembers(db.tenantId)).as('body')]);
}
