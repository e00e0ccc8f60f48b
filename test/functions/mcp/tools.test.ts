import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, test } from 'vitest';
import { tools } from '../../../src/functions/mcp/tools/tools.ts';
import generated from '../../../src/functions/mcp/tools.json' with { type: 'json' };
import { pathArguments } from '../../../src/http/mcp/tool.ts';
import { useApi } from '../../support/api.ts';
import { idsOf, makeWorld, type World } from '../../support/examples.ts';
import { callTool, problemIn } from '../../support/mcp.ts';
import { idsIn, told, UNKNOWN } from '../../support/replies.ts';
import { storedRows } from '../../support/stored.ts';

/* Each tool: it succeeds with what its schemas say, and knows nothing of another tenant. */

const trash = (world: World) => world.tenant.call(`/api/v1/tasks/${world.task}`, { method: 'DELETE' });

/** Arguments of each tool, with every kind of value that it takes, and what must be done before. A tool without fails. */
const examples: Record<string, { given: (world: World) => object; prepare?: typeof trash }> = {
  get_me: { given: () => ({}) },
  find_projects: {
    given: () => ({
      q: 'web',
      tag: 'design',
      include: 'tasks',
      task_limit: 5,
      count: true,
      metadata: '{}',
      sort: '-name',
    }),
  },
  get_project: { given: ({ project }) => ({ project_id: project, task_limit: 10 }) },
  get_project_stats: { given: ({ project }) => ({ project_id: project }) },
  find_project_activity: { given: ({ project }) => ({ project_id: project, limit: 100 }) },
  find_tasks: {
    given: ({ project, member }) => ({
      ...{ project_id: project, parent_id: 'none', status: 'pending,completed', priority_min: 0, tag: ['design'] },
      ...{ q: 'sk', assignee: member, assignee_role: 'owner', blocked: true, count: true, sort: 'due_on,-priority' },
    }),
  },
  get_task: { given: ({ task }) => ({ task_id: task, include: 'subtasks' }) },
  find_task_comments: { given: ({ task }) => ({ task_id: task }) },
  find_comments: { given: ({ member }) => ({ author: member, mentions: member, q: 'sket' }) },
  find_tags: { given: () => ({ q: 'des' }) },
  find_members: { given: () => ({ status: 'active', q: 'ada' }) },
  create_project: {
    given: ({ member }) => ({
      name: 'Garden',
      metadata: { client: 'acme', sizes: [1, null] },
      tasks: [{ title: 'Dig', assignees: [{ member_id: member, role: 'owner' }], subtasks: [{ title: 'Rest' }] }],
    }),
  },
  update_project: {
    given: ({ project }) => ({ project_id: project, name: 'Garden', description: null, if_version: 1 }),
  },
  create_task: {
    given: ({ project, task }) => ({ project_id: project, title: 'Rest', parent_id: task, tags: ['new'] }),
  },
  update_task: {
    given: ({ task, member }) => ({
      ...{ task_id: task, title: 'Rest', tags: { add: ['new'], remove: ['design'] }, if_version: 1 },
      assignees: [{ member_id: member, role: 'reviewer' }],
    }),
  },
  delete_task: { given: ({ task }) => ({ task_id: task, if_version: 1 }) },
  restore_task: { given: ({ task }) => ({ task_id: task, if_version: 2 }), prepare: trash },
  put_task_blocker: { given: ({ task, blocker }) => ({ task_id: task, blocker_id: blocker }) },
  delete_task_blocker: { given: ({ task, blocker }) => ({ task_id: task, blocker_id: blocker }) },
  plan_changes: {
    given: ({ project, task }) => ({
      operations: [
        { id: 'rest', method: 'POST', path: `/api/v1/projects/${project}/tasks`, body: { title: 'Rest' } },
        { method: 'PUT', path: `/api/v1/tasks/${task}/blockers/{rest}` },
        { method: 'PATCH', path: `/api/v1/tasks/${task}`, body: { priority: 4 } },
      ],
      dry_run: false,
    }),
  },
  create_comment: { given: ({ task, member }) => ({ task_id: task, body: `Look, @[${member}]` }) },
};

const ajv = new Ajv2020({ strict: false });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
const api = useApi();
interface Described {
  inputSchema: { properties: Record<string, unknown> };
  outputSchema?: object;
  annotations: { readOnlyHint: boolean; destructiveHint: boolean };
}
const described = generated.descriptions as unknown as Record<string, Described>;
const nowhere = (world: World): World => ({
  ...world,
  ...Object.fromEntries(Object.keys(idsOf(world)).map((id) => [id, UNKNOWN])),
});

test('every tool is described, and named after what it does', () => {
  expect(Object.keys(described)).toEqual(tools.map(({ name }) => name));
  expect(tools.length).toBeLessThanOrEqual(24);
  for (const { name, description } of tools) {
    expect(name).toMatch(/^(get|find|create|update|delete|restore|put|plan)_[a-z_]+$/);
    expect(description.length).toBeGreaterThan(30);
  }
  // What a model reads of them all, before it has done anything.
  expect(JSON.stringify(described).length).toBeLessThan(80_000);
});

describe.each(tools.map((tool) => [tool.name, tool] as const))(
  '%s',
  (name, { endpoint: { definition }, canBeTried }) => {
    const { inputSchema, outputSchema, annotations } = described[name] as Described;

    test('says what it takes, in one plain object, and what it does', () => {
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(JSON.stringify([inputSchema, outputSchema])).not.toContain('$ref');
      const taken = [definition.query, definition.body].flatMap((schema) => Object.keys(schema?.shape ?? {}));
      const expected = [
        ...Object.values(pathArguments(definition.path)),
        ...taken,
        ...(definition.ifMatch ? ['if_version'] : []),
        ...(canBeTried ? ['dry_run'] : []),
      ];
      expect(Object.keys(inputSchema.properties).sort()).toEqual(expected.sort());
      expect(annotations.readOnlyHint).toBe(/^(get|find)_/.test(name));
      expect(annotations.destructiveHint).toBe(/^(update|delete|plan)_/.test(name));
    });

    test('succeeds with what its schema takes, in one round trip, and says what its schema says', async () => {
      const world = await makeWorld(api);
      await examples[name]?.prepare?.(world);
      const given = examples[name]?.given(world);
      expect(ajv.validate(inputSchema, given), ajv.errorsText()).toBe(true);
      const before = api.database.endpoint.requests;
      const { json, text } = await callTool(api, await world.tenant.token('member'), name, given);
      expect(api.database.endpoint.requests - before).toBe(1);
      expect(json.result.isError, text).toBeUndefined();
      const { content, structuredContent } = json.result;
      if (!outputSchema) {
        expect(json.result).toEqual({ content: [{ type: 'text', text: 'Done.' }] });
        return;
      }
      expect(ajv.validate(outputSchema, structuredContent), ajv.errorsText()).toBe(true);
      expect(JSON.parse(content[0].text)).toEqual(structuredContent);
      if (structuredContent.data) expect(structuredContent.data.length).toBeGreaterThan(0);
    });
  },
);

describe('another tenant', () => {
  let attacker: World;
  let victim: World;
  let before: Awaited<ReturnType<typeof storedRows>>;
  const stored = () => storedRows(api.database.admin, victim.tenant.id);

  beforeAll(async () => {
    [attacker, victim] = [await makeWorld(api), await makeWorld(api)];
    before = await stored();
  });

  test.each(tools.map(({ name }) => name))('%s does not know its ids, and changes nothing there', async (name) => {
    const token = await attacker.tenant.token('admin');
    const given = examples[name]?.given as (world: World) => object;
    const foreign = await callTool(api, token, name, given({ ...victim, tenant: attacker.tenant }));
    const unknown = await callTool(api, token, name, given(nowhere(attacker)));
    const takesIds = idsIn(JSON.stringify(given(victim))).length > 0;
    if (takesIds) {
      expect(inPlaceOfIds(foreign, victim)).toEqual(inPlaceOfIds(unknown, nowhere(attacker)));
      if (described[name]?.annotations.readOnlyHint && foreign.json.result.structuredContent) {
        expect(foreign.json.result.structuredContent.data).toEqual([]);
      } else expect([404, 422]).toContain(problemIn(foreign).status);
    }
    for (const id of idsIn(JSON.stringify(before))) if (!takesIds) expect(foreign.text).not.toContain(id);
    expect(await stored()).toEqual(before);
  });
});

/** What is told, with the same word for the id that was asked for. */
function inPlaceOfIds(reply: Awaited<ReturnType<typeof callTool>>, world: World): unknown {
  let text = reply.text.replaceAll(/\\"request_id\\":\\"[^"]*\\"/g, '');
  for (const id of Object.values(idsOf(world))) text = text.replaceAll(id, 'id');
  return told({ ...reply, text });
}
