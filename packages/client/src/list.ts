/** A page of a list, as the API sends it. */
export interface Page<T> {
  data: T[];
  page: {
    limit: number;
    has_more: boolean;
    /** For `cursor` of the next page; null on the last one. */
    next_cursor: string | null;
    /** Rows on all pages, with `count: true`. */
    total?: number;
  };
}

/**
 * A list. Nothing is asked for until it is read: `for await (const task of list)` asks for one page after the other, as far
 * as the loop goes; `await list.page()` for the one page that the query says.
 */
export class List<T> implements AsyncIterable<T> {
  readonly #fetch: (cursor?: string) => Promise<Page<T>>;

  /** @param fetch asks for the page at a cursor, or for the first one */
  constructor(fetch: (cursor?: string) => Promise<Page<T>>) {
    this.#fetch = fetch;
  }

  /** One page: that of the query's `cursor`, or the first one. */
  page(): Promise<Page<T>> {
    return this.#fetch();
  }

  /** All pages from there on, each when it is asked for. */
  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.#fetch(cursor);
      yield page;
      // A list of changes has a cursor for later even where there is nothing more now.
      cursor = page.page.has_more ? (page.page.next_cursor ?? undefined) : undefined;
    } while (cursor !== undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const { data } of this.pages()) yield* data;
  }
}
