/* The only module of this folder that others import. What it does is in README.md. */

export { type NeonEndpoint, type NeonEndpointOptions, startNeonEndpoint } from './endpoint.ts';
