import { clientInterface } from './interface.ts';
import { endpointTable, methods } from './methods.ts';
import { clientTypes } from './schemas.ts';

/** The generated sources of the typed client, by their path from the root of the project. */
export async function clientFiles(): Promise<Record<string, string>> {
  const all = methods();
  const types = await clientTypes(all);
  const directory = 'packages/client/src/generated';
  return {
    [`${directory}/endpoints.ts`]: endpointTable(all),
    [`${directory}/types.ts`]: types.source,
    [`${directory}/onetrip.ts`]: clientInterface(all, types.of),
  };
}
