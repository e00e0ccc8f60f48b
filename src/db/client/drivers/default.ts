/** The driver of a deployment that is given no other one. A build for another platform can put its own module here. */
export { neonDriver as defaultDriver } from './neon.ts';
