import { startNeonEndpoint } from '../../dev/neon-endpoint/index.ts';
import { settings, tellReady } from './settings.ts';

/* The local Neon endpoint in a process of its own, so that its processor time can be told. */

const { port } = settings<{ port: number }>();
const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port } });
tellReady({ url: endpoint.url });
