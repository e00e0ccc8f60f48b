import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/*
 * As much of the APIs of AWS as the commands of our pages ask for: secrets, stacks and objects. It takes what `aws` and `sam`
 * send and keeps it, so that a test can hold what would have gone to an account.
 */

const REGION = 'eu-central-1';

interface Stack {
  id: string;
  /** What the last change set was made with. */
  request: URLSearchParams;
  executed: boolean;
}

export class Aws {
  /** Name and text of each. */
  readonly secrets = new Map<string, string>();
  readonly stacks = new Map<string, Stack>();
  /** By path, such as `/bucket/key`. */
  readonly objects = new Map<string, Buffer>();
  /** The outputs that stacks have, by their name. */
  readonly #outputs: Record<string, Record<string, string>>;
  readonly #server = createServer(async (request, response) => {
    const bytes = await buffer(request);
    const { status = 200, headers = {}, body = '' } = this.#answer(request, bytes);
    response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
  });

  constructor(outputs: Record<string, Record<string, string>>) {
    this.#outputs = outputs;
  }

  /** @returns what has the tools speak to this */
  async start(): Promise<Record<string, string>> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: 'of-the-test',
      AWS_SECRET_ACCESS_KEY: 'of-the-test',
      AWS_DEFAULT_REGION: REGION,
      SAM_CLI_TELEMETRY: '0',
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await once(this.#server.close(), 'close');
  }

  #answer(request: IncomingMessage, bytes: Buffer): Answer {
    if (request.headers['x-amz-target'] === 'secretsmanager.CreateSecret') {
      const { Name, SecretString } = JSON.parse(String(bytes));
      this.secrets.set(Name, SecretString);
      return {
        body: JSON.stringify({
          ARN: `arn:aws:secretsmanager:${REGION}:1:secret:${Name}`,
          Name,
          VersionId: randomUUID(),
        }),
      };
    }
    if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
      return this.#cloudFormation(new URLSearchParams(String(bytes)));
    return this.#storage(request, bytes);
  }

  #storage({ method, url = '' }: IncomingMessage, bytes: Buffer): Answer {
    const path = url.split('?')[0] ?? '';
    if (method === 'PUT') {
      this.objects.set(path, bytes);
      return { headers: { ETag: `"${createHash('md5').update(bytes).digest('hex')}"` } };
    }
    return this.objects.has(path) ? {} : { status: 404 };
  }

  #cloudFormation(request: URLSearchParams): Answer {
    const action = request.get('Action') ?? '';
    const name = (request.get('StackName') ?? '').replace(/^arn:.*:stack\/([^/]+)\/.*$/, '$1');
    const stack = this.stacks.get(name);
    const answer = (result: string) => ({
      headers: { 'Content-Type': 'text/xml' },
      body: `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`,
    });
    switch (action) {
      case 'CreateChangeSet': {
        const id = stack?.id ?? `arn:aws:cloudformation:${REGION}:1:stack/${name}/${randomUUID()}`;
        this.stacks.set(name, { id, request, executed: stack?.executed ?? false });
        return answer(
          `<Id>arn:aws:cloudformation:${REGION}:1:changeSet/one/${randomUUID()}</Id><StackId>${id}</StackId>`,
        );
      }
    }
    if (!stack) {
      return {
        status: 400,
        body: `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>
          <Message>Stack with id ${name} does not exist</Message></Error></ErrorResponse>`,
      };
    }
    const described = `<StackName>${name}</StackName><StackId>${stack.id}</StackId><CreationTime>2026-01-01T00:00:00Z</CreationTime>`;
    switch (action) {
      case 'DescribeChangeSet':
        return answer('<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus><Changes/>');
      case 'ExecuteChangeSet':
        stack.executed = true;
        return answer('');
      case 'DescribeStacks': {
        const outputs = Object.entries(this.#outputs[name] ?? {}).map(
          ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
        );
        // sam knows the stack of its bucket by a tag.
        const tag = (member: string) => stack.request.get(`Tags.member.1.${member}`) ?? '';
        const tags = `<Tags><member><Key>${tag('Key')}</Key><Value>${tag('Value')}</Value></member></Tags>`;
        const status = stack.executed ? 'CREATE_COMPLETE' : 'REVIEW_IN_PROGRESS';
        return answer(
          `<Stacks><member>${described}<StackStatus>${status}</StackStatus><Outputs>${outputs.join('')}</Outputs>${tags}</member></Stacks>`,
        );
      }
      case 'DescribeStackEvents':
        return answer(
          `<StackEvents><member>${described}<EventId>1</EventId><ResourceType>AWS::CloudFormation::Stack</ResourceType>
            <PhysicalResourceId>${stack.id}</PhysicalResourceId><LogicalResourceId>${name}</LogicalResourceId>
            <ResourceStatus>CREATE_COMPLETE</ResourceStatus><Timestamp>${new Date().toISOString()}</Timestamp></member></StackEvents>`,
        );
    }
    return { status: 400 };
  }
}

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}
