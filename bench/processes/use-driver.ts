import { registerHooks } from 'node:module';

/*
 * Preloaded with --import: has `#database-driver`, for which src chooses a driver by a condition, stand for the module of
 * this directory that BENCH_DRIVER names.
 */

const driver = `./${process.env.BENCH_DRIVER}.ts`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '#database-driver'
      ? next(driver, { ...context, parentURL: import.meta.url })
      : next(specifier, context),
});
