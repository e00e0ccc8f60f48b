import { expect, expectTypeOf, test } from 'vitest';
import {
  createClient,
  etagOf,
  type List,
  type Onetrip,
  type OnetripError,
  type ProblemCode,
  type Project,
  type Task,
} from '../src/index.ts';

/* The types that callers see. The compiler checks this file (`npm run check`); what never runs need not. */

const onetrip: Onetrip = createClient({ baseUrl: 'http://onetrip.test' });
type Given<F extends (...args: never[]) => unknown> = Awaited<ReturnType<F>>;
type Item<L> = L extends List<infer T> ? T : never;

test('results are what the endpoints show', () => {
  expectTypeOf<
    Given<typeof onetrip.projects.create>['tasks'][number]['tags'][number]['name']
  >().toEqualTypeOf<string>();
  expectTypeOf<Given<typeof onetrip.projects.update>>().toEqualTypeOf<Project>();
  expectTypeOf<Project['status']>().toEqualTypeOf<'active' | 'archived'>();
  expectTypeOf<Project>().not.toHaveProperty('tasks');
  expectTypeOf<Task['due_on']>().toEqualTypeOf<string | null>();
  expectTypeOf<Given<typeof onetrip.tasks.delete>>().toEqualTypeOf<void>();
  expectTypeOf<Given<typeof onetrip.apiKeys.create>['key']>().toEqualTypeOf<string | null>();
  expectTypeOf(etagOf).returns.toEqualTypeOf<string | undefined>();
});

test('lists show all members, those of fields alone, or those that are included', () => {
  const all = onetrip.tasks.list({ status: ['pending', 'completed'], tag: ['a', 'b'], metadata: { client: 'acme' } });
  expectTypeOf(all).toEqualTypeOf<List<Task>>();
  const some = onetrip.tasks.list({ fields: ['id', 'title'], sort: ['-priority', 'title'] });
  expectTypeOf<Item<typeof some>>().toEqualTypeOf<Pick<Task, 'id' | 'title'>>();
  const plain = onetrip.projects.list();
  expectTypeOf<Item<typeof plain>['tasks']>().toEqualTypeOf<Task[] | undefined>();
  const nested = onetrip.projects.list({ include: 'tasks' });
  expectTypeOf<Item<typeof nested>['tasks']>().toEqualTypeOf<Task[]>();
  expectTypeOf<Item<typeof nested>['name']>().toEqualTypeOf<string>();
  expect(all[Symbol.asyncIterator]).toBeTypeOf('function');
});

test('what the API would refuse does not compile', () => {
  const never = () => {
    // @ts-expect-error: a project needs a name
    onetrip.projects.create({});
    // @ts-expect-error: no member that the schema does not name
    onetrip.projects.create({ name: 'Trip', id: 'x' });
    // @ts-expect-error: no such status
    onetrip.tasks.update('id', { status: 'done' });
    // @ts-expect-error: no such filter, beside one that there is
    onetrip.tasks.list({ status: ['pending'], stauts: ['pending'] });
    // @ts-expect-error: no such value in a comma list
    onetrip.tasks.list({ status: ['done'] });
    // @ts-expect-error: no such order
    onetrip.tasks.list({ sort: 'color' });
    // @ts-expect-error: no such member to show
    onetrip.tasks.list({ fields: ['color'] });
    // @ts-expect-error: the metadata of a task cannot be null
    onetrip.tasks.update('id', { metadata: null });
    // @ts-expect-error: an id
    onetrip.tasks.get(42);
    // @ts-expect-error: a patch without anything in it
    onetrip.tags.update('id');
    // @ts-expect-error: tenants take no idempotency key
    onetrip.tenants.create({ name: 'Acme' }, { idempotencyKey: 'k' });
    // @ts-expect-error: a list takes no If-Match
    onetrip.tasks.list({}, { ifMatch: '"1.x"' });
    // Defaults need not be given, and an object stands for its id.
    onetrip.projects.create({ name: 'Trip', tasks: [{ title: 'Book', subtasks: [{ title: 'Seat' }] }] });
    onetrip.tasks.assignees.add({ id: 'task', version: 1 }, 'member', { role: 'owner' }, { ifMatch: '"1.x"' });
    onetrip.tasks.assignees.add('task', 'member');
  };
  expect(never).toBeTypeOf('function');
});

test('codes of errors are known, and may be missing', () => {
  expectTypeOf<OnetripError['code']>().toEqualTypeOf<ProblemCode | undefined>();
  expectTypeOf<ProblemCode>().extract<'precondition_failed'>().toEqualTypeOf<'precondition_failed'>();
  expectTypeOf<OnetripError['errors'][number]['pointer']>().toEqualTypeOf<string>();
});
