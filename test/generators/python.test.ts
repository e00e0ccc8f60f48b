import { expect, test } from 'vitest';
import { useServedApi } from './served.ts';
import { DOCUMENT, useWorkspace } from './workspace.ts';

const { environment } = useServedApi();
const workspace = useWorkspace();

test('openapi-python-client leaves nothing out, and its client runs', async () => {
  const output = await workspace.run('openapi-python-client', [
    'generate',
    '--path',
    DOCUMENT,
    '--output-path',
    'made',
  ]);
  expect(output).not.toMatch(/warning|unable|will not be generated/i);
  await workspace.copy('python_client.py', 'made', 'python_client.py');
  await workspace.run('python', ['-m', 'compileall', '-q', '.'], { in: 'made' });
  await workspace.run('python', ['python_client.py'], { in: 'made', env: await environment() });
});
