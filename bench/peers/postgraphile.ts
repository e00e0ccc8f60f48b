import { createServer } from 'node:http';
import { verify } from 'hono/jwt';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { settings, tellReady } from '../processes/settings.ts';

/*
 * PostGraphile: GraphQL of the schema; row-level security by the claims, which it sets for each transaction.
 * https://postgraphile.org/postgraphile/5/usage-library and …/postgraphile/5/jwt-guide (verified in `context`)
 */

const { databaseUrl, secret, role } = settings<{ databaseUrl: string; secret: string; role: string }>();

const preset: GraphileConfig.Preset = {
  extends: [PostGraphileAmberPreset],
  // By default there is a filter for each column that an index begins with; job F filters within a tenant.
  disablePlugins: ['PgIndexBehaviorsPlugin'],
  pgServices: [
    makePgService({
      connectionString: databaseUrl,
      schemas: ['bench_peers'],
      pubsub: false,
      poolConfig: { max: 8 },
    }),
  ],
  grafserv: { graphiql: false, watch: false, dangerouslyAllowAllCORSRequests: false },
  grafast: {
    explain: false,
    context: async ({ node }) => {
      const token = node?.req.headers.authorization?.replace(/^Bearer /, '') ?? '';
      const claims = await verify(token, secret, 'HS256');
      return { pgSettings: { role, 'request.jwt.claims': JSON.stringify(claims) } };
    },
  },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  tellReady({ port: typeof address === 'object' ? address?.port : 0 });
});
