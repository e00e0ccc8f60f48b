import { DOCS_SCRIPT, DOCS_STYLE } from '../../http/docs/digests.ts';
import { DOCS_PAGE } from '../../http/docs/page.ts';
import { publicEndpoint } from '../../http/endpoint/public-endpoint.ts';
import { htmlResponse } from '../../http/response/responses.ts';

/* A page to read and try the API, served from here, with no outside host. */

export default publicEndpoint(
  {
    operationId: 'docs',
    method: 'get',
    path: '/docs',
    summary: 'A page to read and try this API',
    description: 'HTML, which loads nothing from another host.',
    access: 'public',
    success: { status: 200, description: 'HTML', mediaType: 'text/html' },
  },
  async () => htmlResponse(DOCS_PAGE, { script: DOCS_SCRIPT, style: DOCS_STYLE }),
);
