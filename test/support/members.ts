import type { TestApi, TestTenant } from './api.ts';

/** Inserts so many members, past the API. @returns their ids */
export async function addMembers({ database }: TestApi, { id: tenant }: TestTenant, count: number): Promise<string[]> {
  const { rows } = await database.admin.query(
    `insert into members (tenant_id, name) select $1, 'm' || n from generate_series(1, $2::integer) as n returning id`,
    [tenant, count],
  );
  return rows.map(({ id }) => id);
}

/** Inserts a member, past the API. @returns the id */
export async function addMember(
  { database }: TestApi,
  { id: tenant }: TestTenant,
  { name, subject = null, status = 'active' }: { name: string; subject?: string | null; status?: string },
): Promise<string> {
  const { rows } = await database.admin.query(
    'insert into members (tenant_id, name, subject, status) values ($1, $2, $3, $4) returning id',
    [tenant, name, subject, status],
  );
  return rows[0].id;
}
