/* The only module of this folder that others import. What it does is in README.md. */

export { type NeonEndpoint, startNeonEndpoint } from './endpoint.ts';
