import type { Container } from "inversify";
import { LogRetention } from "./audit/retention.ts";
import { tokens } from "./tokens.ts";

/** How often what must follow by itself is looked at, in milliseconds. */
const periodMs = { webhooks: 1_000, networks: 5_000, guests: 60_000, purge: 60_000, usage: 600_000, history: 600_000 };

/**
 * Starts what a cloud does by itself: networks that lag behind, guests unheard of, deleted servers, usage, webhooks,
 * and history that is kept no longer.
 * @param logKeptMs how long the operation log is kept; `undefined` for ever
 */
export function startReconcilers(container: Container, logKeptMs: number | undefined): AsyncDisposable {
  const clock = container.get(tokens.clock);
  const logger = container.get(tokens.logger);
  const stack = new AsyncDisposableStack();
  const every = (ms: number, what: string, reconcile: () => Promise<void>): void => {
    stack.use(clock.every(ms, reconcile, (err) => logger.error({ err }, `${what} cannot be reconciled`)));
  };
  const [convergence, guests] = [container.get(tokens.networkConvergence), container.get(tokens.guestWatch)];
  every(periodMs.networks, "networks", () => convergence.reconcile());
  every(periodMs.guests, "guests", () => guests.reconcile());
  const [purge, auditor] = [container.get(tokens.serverPurge), container.get(tokens.usageAuditor)];
  every(periodMs.purge, "deleted servers", () => purge.reconcile());
  every(periodMs.usage, "usage", () => auditor.reconcile());
  const courier = stack.use(container.get(tokens.webhookCourier));
  every(periodMs.webhooks, "webhooks", () => courier.reconcile());
  every(periodMs.history, "old webhook deliveries", () => courier.prune());
  const retention = container.get(tokens.eventRetention);
  every(periodMs.history, "old events", () => retention.reconcile());
  if (logKeptMs !== undefined) {
    const log = new LogRetention(container.get(tokens.database), clock, logKeptMs);
    every(periodMs.history, "old lines of the log", () => log.reconcile());
  }
  return stack;
}
