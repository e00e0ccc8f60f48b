import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { environmentOf, serverFor } from '../platform/node/support.ts';
import { JWT_SECRET } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { Aws } from './aws.ts';
import { projectFor, runBlocks } from './run-blocks.ts';

/**
 * The commands for AWS, by `aws` and `sam` where these are installed (`pip install awscli aws-sam-cli`), with what they would
 * send to an account.
 * @module-tag release
 */

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

const database = useDatabase();

test.skipIf(!has('aws') || !has('sam'))(
  'the secret, the functions and the stack that `sam` deploys',
  { timeout: 300_000 },
  async () => {
    // What the stack's address answers with.
    const server = await serverFor(environmentOf(database));
    const aws = new Aws({
      'aws-sam-cli-managed-default': { SourceBucket: 'bucket-of-the-test' },
      onetrip: { Origin: `http://127.0.0.1:${server.port}` },
    });
    const cwd = await projectFor({ installed: true });
    const env = { ...(await aws.start()), HOME: cwd };
    onTestFinished(() => aws.stop());
    const secret = JSON.stringify({
      DATABASE_URL: 'postgres://a:b@c-pooler/d',
      JANITOR_DATABASE_URL: 'postgres://e:f@c-pooler/d',
      JWT_SECRET,
    });
    await writeFile(join(cwd, '.secrets.json'), secret);

    const [output] = await runBlocks('docs/deploying.md', ['sam deploy'], { cwd, env });
    expect(output).toMatch(/ serves\.$/);
    expect([...aws.secrets]).toEqual([['onetrip', secret]]);

    const request = aws.stacks.get('onetrip')?.request;
    expect(request?.get('Capabilities.member.1')).toBe('CAPABILITY_IAM');
    const object = (url: string) =>
      aws.objects.get(new URL(url.replace('s3://', 'http://s3/')).pathname) ?? Buffer.of();
    const template = parse(String(object(request?.get('TemplateURL') ?? '')));
    const functions = Object.values<Resource>(template.Resources).filter(
      ({ Type }) => Type === 'AWS::Serverless::Function',
    );
    expect(functions.length).toBeGreaterThan(60);
    for (const { Properties } of functions) {
      const archive = object(Properties.CodeUri);
      expect(archive.includes('PK\u0003\u0004'), Properties.CodeUri).toBe(true);
      expect(archive.includes('index.mjs'), Properties.CodeUri).toBe(true);
    }
  },
);

interface Resource {
  Type: string;
  Properties: { CodeUri: string };
}
