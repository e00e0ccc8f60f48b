import { expect } from 'vitest';
import type { TestTenant } from './api.ts';

/* A copy of a tenant, kept by its changes as docs/api-conventions.md says, "Changes". */

interface Row {
  id: string;
  version: number;
  [member: string]: unknown;
}

interface Named {
  id: string;
  name: string;
}

const TYPES = ['project', 'task', 'tag', 'member', 'comment'];

export class Copy {
  /** By `type id`. */
  readonly rows = new Map<string, Row>();
  cursor: string | undefined;
  pages = 0;
  /** Of each resource the highest version that has come, also of those that are gone. */
  readonly #versions = new Map<string, number>();
  readonly #tenant: TestTenant;

  constructor(tenant: TestTenant) {
    this.#tenant = tenant;
  }

  /** Takes in one page. Returns whether there is more. */
  async next(limit: number): Promise<boolean> {
    const at = this.cursor === undefined ? '' : `&cursor=${this.cursor}`;
    const { status, json, text } = await this.#tenant.get(`/api/v1/changes?limit=${limit}${at}`);
    expect(status, text).toBe(200);
    expect(json.data.length).toBeLessThanOrEqual(limit);
    for (const { type, id, action, version, resource } of json.data) {
      const key = `${type} ${id}`;
      if (action === 'delete') {
        this.#remove(type, key);
        continue;
      }
      expect(resource).toMatchObject({ id, version });
      expect(version, `${key} goes back`).toBeGreaterThanOrEqual(this.#versions.get(key) ?? 1);
      this.#versions.set(key, version);
      this.rows.set(key, resource);
    }
    this.cursor = json.page.next_cursor;
    this.pages++;
    return json.page.has_more;
  }

  #remove(type: string, key: string): void {
    const subject = this.rows.get(key)?.subject;
    this.rows.delete(key);
    if (type !== 'member' || !subject) return;
    // A member that is purged is so wherever it has acted.
    const stand_in = `member:${key.split(' ')[1]}`;
    for (const row of this.rows.values()) {
      for (const name of ['created_by', 'actor']) if (row[name] === subject) row[name] = stand_in;
    }
  }

  /** All rows as they look now: tags and members stand in others as they are themselves. */
  shown(): Record<string, unknown> {
    const current = (type: string, named: Named[]): Named[] =>
      named.flatMap((one) => {
        const row = this.rows.get(`${type} ${one.id}`);
        return row ? [{ ...one, name: String(row.name), ...(type === 'tag' ? { color: row.color } : {}) }] : [];
      });
    return Object.fromEntries(
      [...this.rows].map(([key, row]) => {
        const { tags, assignees, author, mentions } = row as Record<string, Named[] | undefined> & { author?: Named };
        const live = {
          ...(tags ? { tags: sorted(current('tag', tags)) } : {}),
          ...(assignees ? { assignees: sorted(current('member', assignees)) } : {}),
          ...(author ? { author: current('member', [author])[0] ?? null } : {}),
          ...(mentions ? { mentions: current('member', mentions) } : {}),
        };
        return [key, { ...row, ...live }];
      }),
    );
  }
}

/** What the lists of a tenant show, in the same form, without what is counted from other rows. */
export async function listed(tenant: TestTenant): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const type of TYPES) {
    let next: string | undefined = `/api/v1/${type}s?limit=100`;
    while (next) {
      const { json, headers } = await tenant.get(next);
      for (const { task_count, comment_count, is_blocked, ...row } of json.data) {
        for (const name of ['tags', 'assignees']) if (row[name]) row[name] = sorted(row[name]);
        rows[`${type} ${row.id}`] = row;
      }
      next = /^<(\/.+)>; rel="next"$/.exec(headers.get('Link') ?? '')?.[1];
    }
  }
  return rows;
}

/** By id: the order by name changes with the names. */
function sorted(named: Named[]): Named[] {
  return named.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
