import { publicEndpoint } from '../../http/endpoint/public-endpoint.ts';
import { htmlResponse } from '../../http/response/responses.ts';

/*
 * The page to read and try the API. Its script, its style and the viewer are static files beside it (src/reference), which
 * each platform serves from the directory that dev/build/reference.ts makes.
 */

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Onetrip API</title>
<link rel="icon" href="/docs/icon.svg">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/reference.css">
<script defer src="/docs/swagger-ui.js"></script>
<script type="module" src="/docs/reference.js"></script>
<header>
<a class="name" href="/docs#">Onetrip <span>API</span></a>
<a href="#operations">All operations</a>
<a href="/api/v1/openapi.json">OpenAPI</a>
</header>
<details id="menu">
<summary>Contents</summary>
<nav aria-label="Contents">
<input id="search" type="search" placeholder="Search" aria-label="Search" autocomplete="off" spellcheck="false">
<div id="entries"></div>
</nav>
</details>
<main>
<noscript>This page needs JavaScript. The same is in <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</noscript>
<article id="guide"></article>
<div id="operations" hidden></div>
</main>
</html>
`;

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
  async () => htmlResponse(PAGE),
);
