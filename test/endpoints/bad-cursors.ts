import * as z from 'zod';
import type { Definition } from '../../src/http/endpoint/definition.ts';
import { sample } from './bad-parameters.ts';
import { type BadInput, type Case, goodRequest, isList, type Target } from './bad-requests.ts';
import { listed, parameters } from './bad-slots.ts';

/* What no cursor may be: damaged, or used with other filters or another sort (docs/api-conventions.md, "Cursors"). */

/** Parameters that may change from page to page, or cannot filter. */
const NO_FILTERS = ['limit', 'cursor', 'skip', 'count', 'sort', 'fields', 'include', 'task_limit'];

export const badCursors: BadInput[] = [
  {
    name: 'query: skip beside cursor',
    status: 400,
    code: 'validation_failed',
    fault: 'excluded',
    cases: (target) => {
      const takesSkip = parameters(target.definition, 'query').some(({ name }) => name === 'skip');
      return takesSkip ? onLists(target, ({ cursor }) => [`skip=0&cursor=${cursor}`], '?skip') : [];
    },
  },
  {
    ...damaged('a cursor with one character changed'),
    cases: (target) =>
      onLists(target, ({ cursor }) =>
        Array.from(cursor, (c, i) => `cursor=${cursor.slice(0, i)}${c === 'A' ? 'B' : 'A'}${cursor.slice(i + 1)}`),
      ),
  },
  {
    ...damaged('a cursor cut off, or with more behind it'),
    cases: (target) =>
      onLists(target, ({ cursor }) => [
        `cursor=${cursor.slice(0, -1)}`,
        `cursor=${cursor.slice(1)}`,
        `cursor=${cursor.replace(/\..*/, '')}`,
        `cursor=${cursor}.`,
        `cursor=${cursor}%20`,
        `cursor=${cursor}A`,
      ]),
  },
  {
    ...damaged('a cursor that is none'),
    cases: (target) =>
      onLists(target, () => ['x', '.', '%C3%BC', '!', '1', 'null', '%7B%7D'].map((c) => `cursor=${c}`)),
  },
  {
    ...damaged('a cursor with another sort'),
    cases: (target) => onLists(target, (list) => otherSorts(list).map((sort) => `sort=${sort}&cursor=${list.cursor}`)),
  },
  {
    ...damaged('a cursor with another filter'),
    cases: (target) =>
      onLists(target, ({ definition, cursor }) =>
        parameters(definition, 'query')
          .filter(({ name }) => !NO_FILTERS.includes(name))
          .map((parameter) => `${parameter.name}=${sample(parameter)}&cursor=${cursor}`),
      ),
  },
];

function damaged(name: string) {
  return { name: `query: ${name}`, status: 400, code: 'invalid_cursor', fault: 'invalid_cursor' } as const;
}

function onLists(target: Target, queries: (target: Target) => string[], pointer = '?cursor'): Case[] {
  if (!isList(target.definition)) return [];
  return queries(target).map((query) => ({ draft: { ...goodRequest(target), query }, pointer }));
}

function otherSorts({ definition }: Target): string[] {
  const members = parameters(definition, 'query').flatMap(({ kind, schema }) =>
    kind === 'sort' ? listed(schema) : [],
  );
  return members.flatMap((member) => [member, `-${member}`]).filter((sort) => sort !== defaultSort(definition));
}

function defaultSort({ query = z.object() }: Definition): string {
  const { sort } = query.parse({}) as { sort: { member: string; descending: boolean }[] };
  return sort.map(({ member, descending }) => (descending ? `-${member}` : member)).join(',');
}
