/** Another process has the operation by now: this run ends, and has changed nothing since. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** The journal could not be written: whether it was is unknown. The run ends, and goes on once its lease is over. */
export class StoreTrouble extends Error {
  override readonly name = "StoreTrouble";
}

/** Another process has the host: that one goes on with the operation. */
export class HostElsewhere extends Error {
  override readonly name = "HostElsewhere";
}

/** Whether a run ends for this, with nothing to take back: another run goes on. */
export const endsRun = (error: unknown): boolean =>
  error instanceof LeaseLost || error instanceof StoreTrouble || error instanceof HostElsewhere;
