import type { MiddlewareHandler } from 'hono';
import { allowedOrigins } from '../../config/origins.ts';
import { Problem } from '../../problem.ts';
import type { Env } from '../env.ts';

/**
 * Refuses the requests of web pages, but for those of `CORS_ORIGINS`: a page could otherwise have the name of its host
 * point to a server on its reader's machine or network (Model Context Protocol, Transports, "Security Warning"). The host of
 * the request proves nothing, because it is then the page's own. Programs send no `Origin`.
 */
export const checkOrigin: MiddlewareHandler<Env> = async (c, next) => {
  const origin = c.req.header('Origin');
  if (origin !== undefined && !allowedOrigins(c.env).includes(origin)) {
    throw new Problem(
      'forbidden',
      'Pages of this origin may not call: CORS_ORIGINS of the deployment does not have it.',
    );
  }
  await next();
};
