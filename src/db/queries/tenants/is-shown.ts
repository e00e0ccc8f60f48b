import { sql } from 'kysely';

/** Whether a tenant is served from this database. A row of it in another one is a copy, or says where it has moved. */
export const isShown = sql<boolean>`tenants.placement in ('home', 'moving')`;
