import type { Clock, TransferProgress } from "@cloudhost/core/ports";
import { bytesText } from "./text.ts";

/** Where the command's text goes, and what it may know of its surroundings. */
export interface Terminal {
  /** Results, a line each. */
  readonly print: (line: string) => void;
  /** What goes on meanwhile, and what went wrong. Text that ends without a newline is overwritten by the next. */
  readonly note: (text: string) => void;
  /** Whether a person watches. */
  readonly isWatched: boolean;
  readonly environment: NodeJS.ProcessEnv;
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

const redrawMs = 100;
const clearLine = "\r\u001b[K";

/**
 * Shows how far a transfer is: one line that is drawn again on a terminal, a line for each tenth elsewhere.
 * @param what is done, for the line: `storing debian-12`
 */
export class ProgressLine implements Disposable {
  readonly #terminal: Terminal;
  readonly #what: string;
  #drawnAtMs = -Infinity;
  #tenth = 0;
  #isDrawn = false;

  constructor(terminal: Terminal, what: string) {
    this.#terminal = terminal;
    this.#what = what;
  }

  /** Takes each report of a transfer. */
  readonly show = (progress: TransferProgress): void => {
    if (this.#terminal.isWatched) this.#redraw(progress);
    else this.#tell(progress);
  };

  [Symbol.dispose](): void {
    if (this.#isDrawn) this.#terminal.note(clearLine);
  }

  #redraw({ percent, doneBytes, totalBytes, chunks }: TransferProgress): void {
    const nowMs = this.#terminal.clock.nowMs();
    if (nowMs - this.#drawnAtMs < redrawMs && percent < 100) return;
    this.#drawnAtMs = nowMs;
    this.#isDrawn = true;
    const bar = "#".repeat(Math.floor(percent / 5)).padEnd(20, ".");
    const moved = `${bytesText(doneBytes)} of ${bytesText(totalBytes)}`;
    const counts = `${chunks.new} new, ${chunks.duplicate} duplicate, ${chunks.zero} zero`;
    this.#terminal.note(`${clearLine}${this.#what} ${bar} ${Math.floor(percent)} %  ${moved}  ${counts}`);
  }

  #tell({ percent, doneBytes }: TransferProgress): void {
    const tenth = Math.floor(percent / 10);
    if (tenth <= this.#tenth) return;
    this.#tenth = tenth;
    this.#terminal.note(`${this.#what}: ${tenth * 10} %, ${bytesText(doneBytes)}\n`);
  }
}
