import { jwtSecret, signToken } from '../local/jwt.ts';
import { optionsOrExit } from './options.ts';
import { readTokenOptions, USAGE } from './token-options.ts';

/* `npm run --silent token` prints a token for the API and nothing else. */

const { seconds, ...claims } = optionsOrExit(USAGE, readTokenOptions);
try {
  console.log(await signToken(claims, seconds, jwtSecret()));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
