/* What has to be stopped or removed at the end, however the end comes about. */

const stops: { name: string; stop: () => Promise<unknown> }[] = [];
let stopping: Promise<void> | undefined;

/** Whether the end has begun: what fails from then on fails because of it. */
export function isStopping(): boolean {
  return stopping !== undefined;
}

/** Has something stopped at the end, before all that was named earlier. */
export function atEnd(name: string, stop: () => Promise<unknown>): void {
  stops.push({ name, stop });
}

/** Stops everything, last things first. May be called again. A failure does not keep the others running. */
export function stopAll(): Promise<void> {
  stopping ??= (async () => {
    for (const { name, stop } of stops.reverse()) {
      await stop().catch((error: Error) => console.error(`${name} could not be stopped: ${error.message}`));
    }
  })();
  return stopping;
}
