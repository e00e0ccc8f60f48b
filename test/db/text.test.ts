import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { failure, insert, makeWorld, rolledBack, value } from './sessions.ts';

/* When two spellings are one tag, and which texts a search finds. */

const database = useDatabase();

const ask = <T>(sql: string, ...parameters: unknown[]) => value<T>(database.admin, sql, parameters);

/** Many strings at once, because each run asks the database. PostgreSQL stores no NUL. */
const strings = (unit: 'binary' | 'grapheme') =>
  fc.array(
    fc.string({ unit, maxLength: 300 }).map((text) => text.replaceAll('\0', '')),
    { minLength: 20, maxLength: 50 },
  );

const RUNS = { numRuns: 40 };

describe('tag_key()', () => {
  test.each([
    ['Design', 'DESIGN', 'design', 'dESIGN'],
    ['é', 'e\u0301', 'É', 'E\u0301'],
    ['Straße', 'STRASSE', 'strasse', 'STRAẞE'],
    ['Σίσυφος', 'ΣΊΣΥΦΟΣ', 'σίσυφοσ'],
    ['ﬁn', 'FIN', 'fin'],
    ['I', 'i'],
    ['İ', 'i\u0307', 'I\u0307'],
    ['Å', '\u212b', 'A\u030a', 'å'],
    ['한글', '\u1112\u1161\u11ab\u1100\u1173\u11af'],
    ['Ꭰ', 'ꭰ'],
    ['home', 'ho\u200bme', '\u2067home\u2069', 'home\u00ad', 'home \u200b', '\u200f home'],
    ['❤', '❤\ufe0f'],
  ])('is the same for %s and %s', async (...spellings) => {
    expect(await ask('select count(distinct tag_key(name))::int from unnest($1::text[]) as name', spellings)).toBe(1);
  });

  test('is another for what is not the same word', async () => {
    const names = ['a', 'á', 'ab', 'a b', 'a-b', 'i', 'ı', 'i\u0307', 'ss', 's', '1', '¹', 'ａ'];
    expect(await ask('select count(distinct tag_key(name))::int from unnest($1::text[]) as name', names)).toBe(
      names.length,
    );
  });

  test('is the same whatever the Unicode form, and its own key, for any name', async () => {
    await fc.assert(
      fc.asyncProperty(strings('binary'), async (names) => {
        const different = await ask(
          `select array_agg(name) from unnest($1::text[]) as name
           where tag_key(name) <> tag_key(normalize(name, nfd)) or tag_key(tag_key(name)) <> tag_key(name)`,
          names,
        );
        expect(different).toBeNull();
      }),
      RUNS,
    );
  });

  test('makes a second tag of the same name impossible in a tenant', async () => {
    const { tenant } = await makeWorld(database.admin);
    await rolledBack(database.admin, async (admin) => {
      await insert(admin, 'tags', { tenant_id: tenant, name: 'Straße' });
      expect(await failure(admin, `insert into tags (tenant_id, name) values ($1, 'STRASSE')`, [tenant])).toMatchObject(
        {
          code: '23505',
          constraint: 'tags_name_unique',
        },
      );
    });
  });
});

describe('a search', () => {
  const TENANT = '01976d5c-0000-7000-8000-000000000001';

  /** Whether the words find a text with that heading and body. */
  const finds = (words: string, heading: string, body: string | null = null) =>
    ask<boolean | null>(
      `select array_to_tsvector(search_terms($4, concat_ws(' ', $2::text, $3::text))) @@ search_query($4, $1)`,
      ...[words, heading, body, TENANT],
    );

  test.each([
    ['12', 'task-12'],
    ['task-12', 'task-12'],
    ['task 1', 'Task-12'],
    ['alpha beta', 'alpha beta'],
    ['beta alpha', 'alpha, beta'],
    ['beta al', 'alpha (beta)'],
    ['STRASSE', 'Straße 5'],
    ['étoile', 'E\u0301TOILE'],
    ['cafe', 'café'],
    ['café', 'CAFE'],
    ['istanbul', 'İstanbul'],
    ['ISTANBUL', 'ıstanbul'],
    ['lodz', 'Łódź'],
    ['cooperate', 'co\u00adoperate'],
    ['co\u00adoperate', 'Cooperate'],
    ['ab', 'a\u200bb'],
    ['שלום', 'שָׁלוֹם'],
    ['हिन्दी', 'हिन्दी में'],
    ['tieng viet', 'Tiếng Việt'],
    ['file', 'ﬁle'],
    ['12', '１２'],
    ['ete', 'été'],
    ['σίσυφος', 'ΣΊΣΥΦΟΣ'],
    ["o'neil", "O'Neil's"],
    ['neil', "O'Neil's"],
    ['example.com', 'http://www.example.com/path?x=1'],
    ['path', 'http://www.example.com/path?x=1'],
    ['ann', 'ann@example.com'],
    ['5', '-1.5e'],
    ['snake_case', 'snake_case'],
    ['case', 'snake_case'],
    ['日本', '日本語'],
    ['the', 'the end'],
    ['& | ! alpha:* <-> ( "', 'alpha'],
  ])('for %s finds %s', async (words, text) => {
    expect(await finds(words, text)).toBe(true);
    expect(await finds(words, 'Nothing', text)).toBe(true);
  });

  test.each([
    ['2', 'task-12'],
    ['ask', 'task-12'],
    ['alp beta', 'alpha beta'],
    ['alpha gamma', 'alpha beta'],
    ['alphabet', 'alpha beta'],
    ['designs', 'design'],
    ['a\u0301b c', 'a b c'],
  ])('for %s does not find %s', async (words, text) => {
    expect(await finds(words, text)).toBe(false);
  });

  // Text of ASCII has a way of its own, which a letter of another script rules out.
  test('is the same for every character of ASCII, whether others are beside it or not', async () => {
    const differing = await ask(
      `select array_agg(n) from generate_series(1, 127) as n
       where search_text('A' || chr(n) || 'b') || ' e' <> search_text('A' || chr(n) || 'b É')`,
    );
    expect(differing).toBeNull();
  });

  test('takes heading and body as one text', async () => {
    expect(await finds('alpha beta', 'alpha', 'beta')).toBe(true);
    expect(await finds('alphabeta', 'alpha', 'beta')).toBe(false);
  });

  test.each(['', ' ', '-', '!?&|:*()<->\'"\\', '\n\t', '…—', '👍'])('without a word is none: %j', async (words) => {
    expect(await ask('select search_query($2, $1)', words, TENANT)).toBeNull();
  });

  test('of nothing is none', async () => {
    expect(await ask('select search_query($1, null)', TENANT)).toBeNull();
    expect(await ask('select search_terms($1, null)', TENANT)).toEqual([]);
  });

  test('never fails, and finds every text by itself', async () => {
    for (const unit of ['binary', 'grapheme'] as const) {
      await fc.assert(
        fc.asyncProperty(strings(unit), async (texts) => {
          const missed = await ask(
            `select array_agg(words) from unnest($1::text[]) as words
             where not array_to_tsvector(search_terms($2, words)) @@ search_query($2, words)`,
            ...[texts, TENANT],
          );
          expect(missed).toBeNull();
        }),
        RUNS,
      );
    }
  });

  const word = fc.string({ unit: fc.constantFrom(...'abcxyzABCäßÉσ019'), minLength: 1, maxLength: 8 });
  const separator = fc.constantFrom(' ', '-', ', ', '/', '_', '\n', '. ', '"', ' & ');

  test('finds a text by any of its words in any order, the last by any of its prefixes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(word, separator), { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        async (parts, numbers) => {
          const number = (below: number) => numbers.next().value % below;
          const text = parts.map(([one, gap]) => one + gap).join('');
          const picked = Array.from({ length: 1 + number(parts.length) }, () => parts[number(parts.length)]?.[0] ?? '');
          const last = picked.at(-1) ?? '';
          const words = [...picked.slice(0, -1), last.slice(0, 1 + number(last.length))].join(' ');
          expect(await finds(words, text), `${words} in ${text}`).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('finds no text that lacks a word', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), word, async (words, more) => {
        const folded = await ask<string>('select search_text($1)', more);
        const others = (await ask<string>('select search_text($1)', words.join(' '))).split(' ');
        fc.pre(!others.includes(folded));
        expect(await finds(`${more} ${words[0] ?? 'x'}`, words.join(' '))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
