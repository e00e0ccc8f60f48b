import { getMe } from '../../db/queries/me/get-me.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { Me } from '../../http/response/people.ts';

/* Who the caller is, by its token or API key. */

export default endpoint(
  {
    operationId: 'get-me',
    method: 'get',
    path: '/api/v1/me',
    summary: 'Get who the caller is',
    description: 'By its token or API key.',
    access: 'viewer',
    success: { status: 200, description: 'The caller', schema: Me },
  },
  async (c) => {
    return getMe(c.var.db, c.var.read);
  },
);
