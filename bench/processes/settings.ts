/** What the race gives a program that it starts, and how the program says that it is ready. */
export function settings<T>(): T {
  return JSON.parse(process.env.BENCH_SETTINGS ?? '{}') as T;
}

/** Tells the race. The program ends when the race does. */
export function tellReady(message: object): void {
  process.on('disconnect', () => process.exit(0));
  process.send?.(message);
}
