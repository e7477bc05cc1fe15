/**
 * Work by name that one run does for all who ask at once: whoever comes while a run is under way shares the next. A
 * folder's sync covers every file that came into it before, so that 8 puts cost two syncs and not 8.
 */
export class Together {
  readonly #work: (name: string) => Promise<void>;
  readonly #runs = new Map<string, { readonly running: Promise<void>; next: Promise<void> | undefined }>();

  constructor(work: (name: string) => Promise<void>) {
    this.#work = work;
  }

  do(name: string): Promise<void> {
    const run = this.#runs.get(name);
    if (run === undefined) return this.#start(name);
    run.next ??= run.running.catch(() => {}).then(() => this.#start(name));
    return run.next;
  }

  #start(name: string): Promise<void> {
    const running = this.#work(name).finally(() => {
      if (this.#runs.get(name)?.running === running) this.#runs.delete(name);
    });
    this.#runs.set(name, { running, next: undefined });
    return running;
  }
}
