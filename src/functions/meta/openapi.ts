import * as z from 'zod';
import { publicEndpoint } from '../../http/endpoint/public-endpoint.ts';
import { okResponse } from '../../http/response/responses.ts';
import document from './openapi.json' with { type: 'json' };

/* The OpenAPI 3.1 document of all endpoints, generated from their definitions by `npm run generate`. */

export default publicEndpoint(
  {
    operationId: 'openapi',
    method: 'get',
    path: '/api/v1/openapi.json',
    summary: 'This document',
    description: 'OpenAPI 3.1, of all endpoints.',
    access: 'public',
    success: {
      status: 200,
      description: 'OpenAPI 3.1',
      schema: z
        .object({ openapi: z.string().meta({ description: 'The version of OpenAPI.' }) })
        .catchall(z.unknown())
        .meta({ id: 'OpenApiDocument', description: 'An OpenAPI document.' }),
    },
  },
  async () => okResponse(document),
);
