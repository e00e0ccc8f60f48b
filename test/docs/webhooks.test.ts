import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../../dev/build/bundle.ts';
import { nodePost } from '../../src/platform/node/post.ts';
import { attemptDelivery, openSecrets } from '../../src/webhooks/attempt.ts';
import type { Post } from '../../src/webhooks/post.ts';
import { newSecret, sealSecret, secretOwner } from '../../src/webhooks/secrets.ts';
import { freePort } from '../support/free-port.ts';
import { blocksOf } from './blocks.ts';

/* The receivers of docs/webhooks.md, run as they stand there, take what we sign, and refuse what somebody else made up. */

const hasPython = spawnSync('python3', ['--version']).status === 0;
const secret = newSecret();
const keys = new Map([['one', new Uint8Array(32)]]);

/** Runs the one block of a language, until the test ends. */
async function receiver(language: string, file: string, command: string): Promise<number> {
  const blocks = (await blocksOf('docs/webhooks.md')).filter((block) => block.language === language);
  expect(blocks).toHaveLength(1);
  const directory = await mkdtemp(join(tmpdir(), 'onetrip-receiver-'));
  await writeFile(join(directory, file), blocks[0]?.text ?? '');
  await writeFile(join(directory, 'package.json'), '{"type": "module"}');
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  const port = await freePort();
  const child: ChildProcess = spawn(command, [join(directory, file)], {
    env: { PATH: process.env.PATH, PORT: String(port), WEBHOOK_SECRET: secret },
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
    await rm(directory, { recursive: true });
  });
  return port;
}

async function deliver(port: number, post: Post): Promise<number | undefined> {
  const delivery = {
    ...{ id: crypto.randomUUID(), webhook_id: 'webhook', url: `http://127.0.0.1:${port}/`, attempt: 1 },
    ...{ body: '{"type":"task.created","name":"Grüße"}', sealed: [] as string[] },
  };
  const owner = secretOwner('tenant', 'webhook');
  // As in the day after a rotation.
  for (const one of [newSecret(), secret]) delivery.sealed.push(await sealSecret(keys, one, owner));
  const config = { database: { url: '' }, keys, isDevelopment: true };
  const { answer } = await attemptDelivery(config, delivery, await openSecrets(config, 'tenant', delivery), post, 5000);
  return answer?.status;
}

test.for([
  ['TypeScript', 'ts', 'receiver.ts', process.execPath],
  ['Python', 'python', 'receiver.py', 'python3'],
] as const)('the receiver in %s', { timeout: 60_000 }, async ([name, language, file, command], { skip }) => {
  if (name === 'Python') skip(!hasPython, 'there is no python3 on this machine');
  const port = await receiver(language, file, command);
  const post = nodePost(true);
  await expect.poll(() => deliver(port, post), { timeout: 30_000 }).toBe(204);
  const tampered: Post = ({ body, ...message }, signal) =>
    post({ ...message, body: body.replace('task', 'tusk') }, signal);
  expect(await deliver(port, tampered)).toBe(400);
  const old: Post = ({ headers, ...message }, signal) =>
    post({ ...message, headers: { ...headers, 'webhook-timestamp': '1700000000' } }, signal);
  expect(await deliver(port, old)).toBe(400);
});
