/*
 * Preloaded into wrangler's processes, which are chained by IPC: when whoever started one of them is gone, however it
 * ended, so is that one. Its own exit hooks stop workerd.
 */
process.once('disconnect', () => process.exit(1));
