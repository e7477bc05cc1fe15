/** How many tasks of each lane run at once. */
const widths = {
  /** Short ones that change something. */
  requests: 8,
  /** Transfers of images: they take minutes, and must never stand in the way of a stop. */
  transfers: 4,
  /** Those that only ask. */
  queries: 8,
} as const;

/** A lane of a host. */
export type Lane = keyof typeof widths;

/**
 * The queues of a host's commands. Those for one resource run one at a time, in the order in which they came, whatever
 * their lanes; those for different resources run side by side, so many at once as their lane is wide.
 */
export class Lanes {
  readonly #slots: Record<Lane, Slots> = {
    requests: new Slots(widths.requests),
    transfers: new Slots(widths.transfers),
    queries: new Slots(widths.queries),
  };
  readonly #last = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();

  /**
   * Queues a task, which must not throw.
   * @param resource what it is about; `undefined` for one that need not wait for others
   */
  add(lane: Lane, resource: string | undefined, task: () => Promise<void>): void {
    const before = resource === undefined ? undefined : this.#last.get(resource);
    const run = this.#run(lane, before, task).finally(() => {
      this.#running.delete(run);
      if (resource !== undefined && this.#last.get(resource) === run) this.#last.delete(resource);
    });
    this.#running.add(run);
    if (resource !== undefined) this.#last.set(resource, run);
  }

  /** Resolves when all that was queued has ended. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #run(lane: Lane, before: Promise<void> | undefined, task: () => Promise<void>): Promise<void> {
    await before;
    const slots = this.#slots[lane];
    await slots.take();
    try {
      await task();
    } finally {
      slots.give();
    }
  }
}

/** So many at once; who comes later waits for its turn. */
class Slots {
  readonly #queue: (() => void)[] = [];
  #free: number;

  constructor(width: number) {
    this.#free = width;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  give(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
