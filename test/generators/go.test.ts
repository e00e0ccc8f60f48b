import { mkdir, writeFile } from 'node:fs/promises';
import { describe, test } from 'vitest';
import { useServedApi } from './served.ts';
import { DOCUMENT, useWorkspace } from './workspace.ts';

/* Both modules are pinned here, and fetched by Go, which holds them against its checksum database. */
const OGEN = 'github.com/ogen-go/ogen@v1.25.0';
const OAPI_CODEGEN = 'github.com/oapi-codegen/oapi-codegen/v2@v2.8.2';

const { environment } = useServedApi();
const workspace = useWorkspace();

const [ogen, ogenVersion] = OGEN.split('@');
const [oapi, oapiVersion] = OAPI_CODEGEN.split('@');

describe.each([
  {
    name: 'oapi-codegen',
    generate: [`${oapi}/cmd/oapi-codegen@${oapiVersion}`, '-package', 'api', '-o', 'api/api.go', DOCUMENT],
  },
  {
    name: 'ogen',
    generate: [`${ogen}/cmd/ogen@${ogenVersion}`, '--target', 'api', '--package', 'api', DOCUMENT],
  },
])('$name', ({ name, generate }) => {
  test('its client compiles and runs', async () => {
    await mkdir(workspace.path(name, 'api'), { recursive: true });
    await writeFile(workspace.path(name, 'go.mod'), 'module client\n\ngo 1.25\n');
    const go = async (...args: string[]) => workspace.run('go', args, { in: name, env: await environment() });
    await go('run', ...generate);
    await workspace.copy(`${name}.go`, name, 'main.go');
    if (name === 'ogen') await go('get', OGEN);
    await go('mod', 'tidy');
    await go('vet', '.');
    await go('run', '.');
  });
});
