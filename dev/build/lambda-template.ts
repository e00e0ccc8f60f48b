import type { Bindings } from '../../src/config/bindings.ts';
import { BINDINGS } from './bindings.ts';
import { bindingsReadBy } from './given-bindings.ts';
import type { LambdaFunction } from './lambda-function.ts';

/*
 * The template for AWS SAM: an HTTP API whose routes are those of the definitions, its functions, and the log. It is JSON,
 * which SAM and CloudFormation accept as well as YAML.
 */

const RUNTIME = 'nodejs24.x';
/** Seconds. API Gateway waits 30 for a response. A request that has waited 20 for the database is ended with 504. */
const TIMEOUT_SECONDS = 29;
/** Seconds: Lambda's limit. The purge works in batches until nothing is left or its time is over. */
const PURGE_TIMEOUT_SECONDS = 900;
/** Seconds. A run delivers for a minute, and then waits for what is under way. */
const DELIVERIES_TIMEOUT_SECONDS = 120;

type Json = Record<string, unknown>;
const ref = (name: string) => ({ Ref: name });
const sub = (text: string) => ({ 'Fn::Sub': text });
const when = (condition: string, value: unknown, otherwise: unknown = ref('AWS::NoValue')) => ({
  'Fn::If': [condition, value, otherwise],
});

/** A member of the secret in Secrets Manager. CloudFormation inserts its value when the stack is deployed. */
const secret = (name: string) =>
  sub(`{{resolve:secretsmanager:\${SecretName}:SecretString:${name}::\${SecretVersion}}}`);

const text = (description: string, more: Json = {}) => ({
  Type: 'String',
  Default: '',
  Description: description,
  ...more,
});
const parameterFor = (name: keyof Bindings, more: Json = {}) => text(BINDINGS[name].description, more);
const yesOrNo = (description: string) => text(description, { Default: 'no', AllowedValues: ['yes', 'no'] });

const PARAMETERS = {
  SecretName: text(
    'Secret in Secrets Manager: JSON with DATABASE_URL, JANITOR_DATABASE_URL and, without JwksUrl, JWT_SECRET',
    {
      Default: 'onetrip',
    },
  ),
  SecretVersion: text('VersionId of the secret; a new one makes an update put its values in'),
  HasReplica: yesOrNo('Whether the secret also has DATABASE_URL_READONLY'),
  HasWebhooks: yesOrNo('Whether the secret also has COURIER_DATABASE_URL and WEBHOOK_KEYS'),
  HasShards: yesOrNo(
    'Whether the secret has SHARDS, JANITOR_SHARDS and, for webhooks, COURIER_SHARDS, in place of JANITOR_DATABASE_URL and COURIER_DATABASE_URL; all variables of a function take 4 KB at most',
  ),
  ShardsByHash: parameterFor('SHARDS_BY_HASH'),
  ShardsForNew: parameterFor('SHARDS_FOR_NEW'),
  ShardingKey: parameterFor('SHARDING_KEY'),
  JwksUrl: parameterFor('JWKS_URL'),
  JwtIssuer: parameterFor('JWT_ISSUER'),
  JwtAudience: parameterFor('JWT_AUDIENCE'),
  JwtMaxAge: parameterFor('JWT_MAX_AGE', { Default: BINDINGS.JWT_MAX_AGE.default }),
  JwtTenantClaim: parameterFor('JWT_TENANT_CLAIM'),
  JwtRoleClaim: parameterFor('JWT_ROLE_CLAIM'),
  JwtSubjectClaim: parameterFor('JWT_SUBJECT_CLAIM'),
  CorsOrigins: parameterFor('CORS_ORIGINS'),
  LogLevel: parameterFor('LOG_LEVEL', { Default: BINDINGS.LOG_LEVEL.default, AllowedValues: ['info', 'warn'] }),
  SlowQueryMs: parameterFor('SLOW_QUERY_MS', { Default: BINDINGS.SLOW_QUERY_MS.default }),
  LogRetentionDays: { Type: 'Number', Default: 30, Description: 'How long the log is kept' },
  MemorySize: { Type: 'Number', Default: 512, Description: 'MB for each function; processor time grows with it' },
  InstancesPerFunction: {
    Type: 'Number',
    Default: 0,
    MinValue: 0,
    Description: "Most instances, so most connections to the database, of each function; 0: no limit but the account's",
  },
  RequestsPerSecond: { Type: 'Number', Default: 200, MinValue: 1, Description: 'More than that on average are 429' },
};

const CONDITIONS = {
  UsesJwks: { 'Fn::Not': [{ 'Fn::Equals': [ref('JwksUrl'), ''] }] },
  UsesSecret: { 'Fn::Equals': [ref('JwksUrl'), ''] },
  HasReplica: { 'Fn::Equals': [ref('HasReplica'), 'yes'] },
  HasWebhooks: { 'Fn::Equals': [ref('HasWebhooks'), 'yes'] },
  HasShards: { 'Fn::Equals': [ref('HasShards'), 'yes'] },
  LimitsInstances: { 'Fn::Not': [{ 'Fn::Equals': [ref('InstancesPerFunction'), 0] }] },
};

/** A binding that no function on Lambda is given. */
const NOT_GIVEN = undefined;

/** Where the value of each binding comes from. */
const VALUES: Record<keyof Bindings, unknown> = {
  DATABASE_URL: secret('DATABASE_URL'),
  DATABASE_URL_READONLY: when('HasReplica', secret('DATABASE_URL_READONLY')),
  JANITOR_DATABASE_URL: when('HasShards', ref('AWS::NoValue'), secret('JANITOR_DATABASE_URL')),
  COURIER_DATABASE_URL: when('HasWebhooks', when('HasShards', ref('AWS::NoValue'), secret('COURIER_DATABASE_URL'))),
  SHARDS: when('HasShards', secret('SHARDS')),
  JANITOR_SHARDS: when('HasShards', secret('JANITOR_SHARDS')),
  COURIER_SHARDS: when('HasWebhooks', when('HasShards', secret('COURIER_SHARDS'))),
  SHARDS_BY_HASH: ref('ShardsByHash'),
  SHARDS_FOR_NEW: ref('ShardsForNew'),
  SHARDING_KEY: ref('ShardingKey'),
  WEBHOOK_KEYS: when('HasWebhooks', secret('WEBHOOK_KEYS')),
  WEBHOOK_QUEUE_URL: when('HasWebhooks', ref('WebhookQueue')),
  JWT_SECRET: when('UsesSecret', secret('JWT_SECRET')),
  JWKS_URL: when('UsesJwks', ref('JwksUrl')),
  JWT_ISSUER: ref('JwtIssuer'),
  JWT_AUDIENCE: ref('JwtAudience'),
  JWT_MAX_AGE: ref('JwtMaxAge'),
  JWT_TENANT_CLAIM: ref('JwtTenantClaim'),
  JWT_ROLE_CLAIM: ref('JwtRoleClaim'),
  JWT_SUBJECT_CLAIM: ref('JwtSubjectClaim'),
  CORS_ORIGINS: ref('CorsOrigins'),
  LOG_LEVEL: ref('LogLevel'),
  SLOW_QUERY_MS: ref('SlowQueryMs'),
  // The environment of a function has room for few URLs.
  SHARDS_READONLY: NOT_GIVEN,
  // Cloudflare's.
  TENANT_DIRECTORY: NOT_GIVEN,
  // Neon's own endpoint is at the host of its URL.
  NEON_ENDPOINT: NOT_GIVEN,
  // API Gateway limits the rate, see RequestsPerSecond.
  RATE_LIMIT: NOT_GIVEN,
  RATE_LIMITER: NOT_GIVEN,
  // Made from WEBHOOK_QUEUE_URL.
  WEBHOOK_QUEUE: NOT_GIVEN,
  // An instance has one request at a time, and so one connection.
  POOL_SIZE: NOT_GIVEN,
  PORT: NOT_GIVEN,
  LISTEN_ADDRESS: NOT_GIVEN,
  DRAIN_SECONDS: NOT_GIVEN,
  METRICS_PORT: NOT_GIVEN,
  METRICS_ADDRESS: NOT_GIVEN,
  DEVELOPMENT: NOT_GIVEN,
};

/** @param prefix name of the deployment. @param crons of wrangler.toml */
export function lambdaTemplate(prefix: string, functions: LambdaFunction[], crons: string[]): Json {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Transform: 'AWS::Serverless-2016-10-31',
    Description: `${prefix}: one Lambda function for each endpoint, behind an HTTP API.`,
    Parameters: PARAMETERS,
    Conditions: CONDITIONS,
    Globals: {
      Function: {
        Runtime: RUNTIME,
        Architectures: ['arm64'],
        Handler: 'index.handler',
        Timeout: TIMEOUT_SECONDS,
        MemorySize: ref('MemorySize'),
        LoggingConfig: { LogGroup: ref('Log') },
      },
    },
    Resources: {
      Api: {
        Type: 'AWS::Serverless::HttpApi',
        Properties: {
          Name: ref('AWS::StackName'),
          DefaultRouteSettings: {
            ThrottlingRateLimit: ref('RequestsPerSecond'),
            ThrottlingBurstLimit: ref('RequestsPerSecond'),
          },
        },
      },
      Log: {
        Type: 'AWS::Logs::LogGroup',
        DeletionPolicy: 'Delete',
        UpdateReplacePolicy: 'Delete',
        Properties: { LogGroupName: sub(`/onetrip/\${AWS::StackName}`), RetentionInDays: ref('LogRetentionDays') },
      },
      Role: ROLE,
      WebhookQueue: WEBHOOK_QUEUE,
      ...Object.fromEntries(functions.map((fn) => [logicalId(fn.name), lambdaFunction(fn, crons)])),
    },
    Outputs: {
      Origin: {
        Description: 'Where the API is',
        Value: sub(`https://\${Api}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}`),
      },
    },
  };
}

/**
 * Tells that something is to be delivered to webhooks. A message is hidden for six times as long as its run may take, as AWS
 * advises. What it loses, the schedule finds.
 */
const WEBHOOK_QUEUE = {
  Type: 'AWS::SQS::Queue',
  Condition: 'HasWebhooks',
  Properties: { VisibilityTimeout: 6 * DELIVERIES_TIMEOUT_SECONDS, SqsManagedSseEnabled: true },
};

/** The role of all functions. It may write the log, and send and take messages of the queue, and nothing else. */
const ROLE = {
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    Policies: [
      {
        PolicyName: 'log',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              Resource: { 'Fn::GetAtt': ['Log', 'Arn'] },
            },
            when('HasWebhooks', {
              Effect: 'Allow',
              Action: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
              Resource: { 'Fn::GetAtt': ['WebhookQueue', 'Arn'] },
            }),
          ],
        },
      },
    ],
  },
};

function lambdaFunction(fn: LambdaFunction, crons: string[]): Json {
  const { name, kind, parts } = fn;
  const usesDatabase = 'src/db/client/database.ts' in parts;
  const variables = bindingsReadBy(fn).filter((binding) => VALUES[binding] !== NOT_GIVEN);
  return {
    Type: 'AWS::Serverless::Function',
    ...(kind === 'deliveries' ? { Condition: 'HasWebhooks' } : {}),
    Properties: {
      FunctionName: sub(`\${AWS::StackName}-${name}`),
      CodeUri: `${name}.zip`,
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Environment: { Variables: Object.fromEntries(variables.map((binding) => [binding, VALUES[binding]])) },
      ...(usesDatabase && kind !== 'scheduled'
        ? { ReservedConcurrentExecutions: when('LimitsInstances', ref('InstancesPerFunction')) }
        : {}),
      ...(kind === 'scheduled' ? { Timeout: PURGE_TIMEOUT_SECONDS } : {}),
      ...(kind === 'deliveries' ? { Timeout: DELIVERIES_TIMEOUT_SECONDS } : {}),
      Events: events(fn, crons),
    },
  };
}

function events({ kind, route }: LambdaFunction, crons: string[]): Json {
  const http = (properties: Json) => ({ Type: 'HttpApi', Properties: { ApiId: ref('Api'), ...properties } });
  if (route) {
    const Path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    // By itself it answers the methods that it does not have: $default does not know its files.
    if (kind === 'assets') return { Any: http({ Path, Method: 'ANY' }) };
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
    return Object.fromEntries(
      methods.map((Method) => [Method[0] + Method.slice(1).toLowerCase(), http({ Path, Method })]),
    );
  }
  // Without a path it is the route $default.
  if (kind === 'fallback') return { Default: http({}) };
  const schedules = Object.fromEntries(
    crons.map((cron, i) => [
      `Schedule${i || ''}`,
      { Type: 'Schedule', Properties: { Schedule: eventBridgeCron(cron) } },
    ]),
  );
  if (kind !== 'deliveries') return schedules;
  const queue = { Queue: { 'Fn::GetAtt': ['WebhookQueue', 'Arn'] }, BatchSize: 1 };
  return { Queue: { Type: 'SQS', Properties: queue }, ...schedules };
}

/**
 * A cron trigger of Cloudflare's as EventBridge has it: with a year, and with `?` for one of day and weekday. Both are
 * in UTC.
 * @throws Error for an expression that the two might understand differently
 */
export function eventBridgeCron(cron: string): string {
  const [minute, hour, day, month, weekday, ...more] = cron.trim().split(/\s+/);
  const isPlain = (field: string | undefined) => /^[\d*,/-]+$/.test(field ?? '');
  const isWeekday = (field: string | undefined) => /^(\*|[A-Z]{3}([,-][A-Z]{3})*)$/.test(field ?? '');
  const fits = [minute, hour, day, month].every(isPlain) && isWeekday(weekday) && more.length === 0;
  if (!fits || (day !== '*' && weekday !== '*')) {
    throw new Error(
      `The cron trigger "${cron}" has no equivalent on EventBridge: name weekdays (MON-FRI), or days, not both.`,
    );
  }
  const days = weekday === '*' ? `${day} ${month} ?` : `? ${month} ${weekday}`;
  return `cron(${minute} ${hour} ${days} *)`;
}

/** `get-project` is `GetProjectFunction`. */
export function logicalId(name: string): string {
  return `${name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}Function`;
}
