/**
 * A periodic task over any source of ticks: a tick that comes while the last run is under way is passed over.
 * @param arm starts the ticks and returns what stops them
 */
export function startPeriodic(
  task: () => Promise<void> | void,
  onError: (error: unknown) => void = () => {},
  arm: (tick: () => Promise<void>) => () => void,
): AsyncDisposable {
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    try {
      await task();
    } catch (error) {
      onError(error);
    }
  };
  const disarm = arm(() => {
    running ??= run().finally(() => (running = undefined));
    return running;
  });
  return {
    async [Symbol.asyncDispose]() {
      disarm();
      await running;
    },
  };
}
