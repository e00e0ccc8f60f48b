import { buildClient } from '../build/client.ts';

/* `npm run build` of packages/client: its `dist`, as it is published. */

await buildClient();
