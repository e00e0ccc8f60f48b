import type { Selectable } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { mergedMetadata, rejectLargeMetadata } from '../../sql/metadata.ts';
import type { Projects } from '../../types.ts';
import { oneProject } from './one-project.ts';

interface ProjectPatch {
  name?: string | undefined;
  description?: string | null | undefined;
  status?: Selectable<Projects>['status'] | undefined;
  /** Merged into what is there (RFC 7396). */
  metadata?: Record<string, unknown> | undefined;
}

/** Changes the members that the patch names. The representation is the project without its tasks. */
export function updateProject(db: Database, id: string, patch: ProjectPatch, options: WriteOptions) {
  const { metadata, ...named } = patch;
  const update = db.query
    .updateTable('projects')
    .set({ ...named, ...(metadata ? { metadata: mergedMetadata('project', metadata) } : {}) })
    .where('tenant_id', '=', db.tenantId)
    .where('id', '=', id);
  const changes = Object.values(patch).some((value) => value !== undefined);
  return writeRepresentation(
    db,
    options,
    [
      lockRow(db, 'project', id, options),
      ...(metadata ? [rejectLargeMetadata(db, 'project', id, metadata)] : []),
      ...(changes ? [update] : []),
    ],
    oneProject(db, id),
  );
}
