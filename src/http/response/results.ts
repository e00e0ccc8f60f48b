import * as z from 'zod';

const OperationResult = z
  .object({
    id: z.string().nullable().meta({ description: 'The name of the operation; null where it has none.' }),
    status: z.int().meta({ description: 'The status of its answer.', examples: [201] }),
    location: z
      .string()
      .nullable()
      .meta({ description: 'The path of what it has made; null where it has made nothing.' }),
    etag: z
      .string()
      .nullable()
      .meta({
        description: 'The ETag of its answer, as `if_match` and `If-Match` take it; null where it has none.',
        examples: ['"1.9f86d081884c7d659a2feaa0c55ad015"'],
      }),
    body: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'The body of its answer, as it was right after the operation; null where it has none.' }),
  })
  .meta({ id: 'OperationResult', description: 'The answer to one operation.' });

export const BatchResults = z
  .object({ results: z.array(OperationResult).meta({ description: 'In the order of the operations.' }) })
  .meta({ id: 'BatchResults', description: 'The answers to operations that were carried out together.' });
