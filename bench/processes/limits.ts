import pg from 'pg';
import type { Statement } from '../../src/db/client/drivers/driver.ts';
import { neonDriver } from '../../src/db/client/drivers/neon.ts';
import { pgDriver } from '../../src/db/client/drivers/pg.ts';
import { app } from '../../src/functions/index.ts';
import { recorded } from './recording-driver.ts';
import { settings, tellReady } from './settings.ts';

/*
 * What an answer to job A costs at least: its parts, without anything around them. This process asks by itself, as a
 * closed loop. Started with --import ./use-driver.ts, which has the API send through ./recording-driver.ts.
 */

const { adminUrl, workerUrl, endpoint, tenantId, projects, token, secret } = settings<{
  adminUrl: string;
  workerUrl: string;
  endpoint: string;
  tenantId: string;
  projects: string[];
  token: string;
  secret: string;
}>();

/** The batch that the API sends for a project: who asks, and the query. */
async function batchOf(project: string): Promise<Statement[]> {
  recorded.length = 0;
  const url = `http://localhost/api/v1/projects/${project}`;
  const headers = { Authorization: `Bearer ${token}` };
  const bindings = { DATABASE_URL: workerUrl, JWT_SECRET: secret, LOG_LEVEL: 'warn' };
  const response = await app.request(url, { headers }, bindings);
  const [batch] = recorded;
  if (response.status !== 200 || !batch) throw new Error(`${url} gave ${response.status}: ${await response.text()}`);
  return batch;
}

const example = projects[0] as string;
const batch = await batchOf(example);
const query = batch.at(-1) as Statement;

/** The same statement about another project. */
function about(project: string, { sql, parameters }: Statement): Statement {
  return { sql, parameters: parameters.map((value) => (value === example ? project : value)) };
}

const superuser = new pg.Pool({ connectionString: adminUrl, max: 8, idleTimeoutMillis: 0 });
const byPg = pgDriver({ url: workerUrl }, 8);
const byEndpoint = neonDriver({ url: workerUrl.replace('127.0.0.1', 'localhost'), endpoint });
const options = () => ({ readOnly: true, signal: AbortSignal.timeout(20_000) });

function look(project: string): Statement {
  return {
    sql: 'select body from bench_peers.texts where tenant_id = $1 and id = $2',
    parameters: [tenantId, project],
  };
}

/** @returns the text that came back */
const KINDS: Record<string, (project: string) => Promise<unknown>> = {
  query: async (project) => {
    const { sql, parameters } = about(project, query);
    return (await superuser.query({ name: 'query', text: sql, values: [...parameters] })).rows[0].body;
  },
  batch: async (project) => {
    const rows = await byPg.batch(
      batch.map((statement) => about(project, statement)),
      options(),
    );
    return rows.at(-1)?.[0]?.body;
  },
  text: async (project) => {
    const { sql, parameters } = look(project);
    return (await superuser.query({ name: 'text', text: sql, values: [...parameters] })).rows[0].body;
  },
  'text by the endpoint': async (project) => {
    const rows = await byEndpoint.batch([batch[0] as Statement, look(project)], options());
    return rows.at(-1)?.[0]?.body;
  },
};

async function run({ kind, connections, ms }: { kind: string; connections: number; ms: number }) {
  const times: number[] = [];
  let bytes = 0;
  const start = performance.now();
  const loop = async () => {
    while (performance.now() - start < ms) {
      const from = performance.now();
      const project = projects[Math.floor(Math.random() * projects.length)] as string;
      const text = await KINDS[kind]?.(project);
      if (typeof text !== 'string' || !text.includes(project)) throw new Error(`${kind}: not the project ${project}`);
      bytes += text.length;
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  const seconds = (performance.now() - start) / 1000;
  return { operations: times.length, seconds, bytes, times: times.sort((a, b) => a - b) };
}

process.on('message', async ({ id, ...message }: { id: number; kind: string; connections: number; ms: number }) => {
  const result = await run(message).catch((error: Error) => ({ error: error.message }));
  process.send?.({ id, ...result });
});
tellReady({});
