/** What was asked for in a run, and what came of it. */
export class ActionTally {
  readonly #allowed = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  readonly #codes = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #told: string[] = [];
  /** Operations that were stuck, and went on when they were tried again, or were given up. */
  stuck = 0;
  /** Those of them that were given up. */
  abandoned = 0;

  /** An action was begun. */
  allowed(action: string, said: string): void {
    count(this.#allowed, action);
    this.tell(`${said}: allowed`);
  }

  /** One was refused, with this code. */
  refused(action: string, code: string, said: string): void {
    count(this.#refused, action);
    count(this.#codes, code);
    this.tell(`${said}: ${code}`);
  }

  /** The operation that was begun has ended. */
  ended(action: string, state: string, code: string | undefined, said: string): void {
    count(this.#ends, `${action} ${state}`);
    if (code !== undefined) count(this.#codes, code);
    this.tell(`  ${said}: ${state}${code === undefined ? "" : ` with ${code}`}`);
  }

  /** Notes a line of the run. */
  tell(line: string): void {
    this.#told.push(line);
  }

  /** How often each action was allowed, and how often refused. */
  get actions(): ReadonlyMap<string, { readonly allowed: number; readonly refused: number }> {
    const names = [...new Set([...this.#allowed.keys(), ...this.#refused.keys()])].toSorted((a, b) => (a < b ? -1 : 1));
    return new Map(
      names.map((name) => [name, { allowed: this.#allowed.get(name) ?? 0, refused: this.#refused.get(name) ?? 0 }]),
    );
  }

  /** Adds another run's. */
  add(other: ActionTally): void {
    for (const [mine, theirs] of [
      [this.#allowed, other.#allowed],
      [this.#refused, other.#refused],
      [this.#codes, other.#codes],
      [this.#ends, other.#ends],
    ] as const)
      for (const [key, times] of theirs) mine.set(key, (mine.get(key) ?? 0) + times);
    this.stuck += other.stuck;
    this.abandoned += other.abandoned;
  }

  /** For people, a line each. */
  summary(): string {
    const asked = [...this.actions].map(
      ([name, { allowed, refused }]) => `${name.padEnd(16)} allowed ${String(allowed).padStart(5)}  refused ${refused}`,
    );
    return [
      ...asked,
      `refusals and failures: ${list(this.#codes)}`,
      `ends: ${list(this.#ends)}`,
      `stuck: ${this.stuck}, of which ${this.abandoned} were abandoned`,
    ].join("\n");
  }

  /** Why a run failed, and how it went up to there. */
  story(seed: number, where: string, error: unknown): string {
    const why = error instanceof Error ? error.message : String(error);
    const last = this.#told.slice(-80);
    return `It failed in ${where}: ${why}\nCLOUDHOST_ACTIONS_SEED=${seed} repeats it. The last of what was done:\n${last.join("\n")}`;
  }
}

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

const list = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([key, times]) => `${key} ${times}`).join(", ");
