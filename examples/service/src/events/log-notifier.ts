import type { Logger, Notifier } from "@cloudhost/core";

/** Tells the log, where no other place was named. */
export const logNotifier = (logger: Logger): Notifier => ({
  name: "log",
  async notify(notification) {
    logger.info({ notification }, "an event");
  },
  async [Symbol.asyncDispose]() {},
});
