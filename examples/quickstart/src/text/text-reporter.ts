import { SingleBar } from "cli-progress";
import type { EventOf, QuickstartEvent } from "../events.ts";
import { pageOf } from "./pages.ts";
import { palette } from "./palette.ts";
import type { Palette } from "./palette.ts";

/** Where text goes: what is told to `out`, why it failed to `err`. */
export interface TextStreams {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
}

const indented = new Set<QuickstartEvent["event"]>([
  "waiting",
  "daemon",
  "found",
  "recovered",
  "hosts",
  "project",
  "made",
  "image",
  "flavors",
  "server",
  "ready",
  "refused",
  "snapshot",
  "quotas",
  "operationsView",
  "kernel",
  "deleted",
]);

/** Tells events to a person; on a terminal with colours, and with a bar while something is under way. */
export class TextReporter implements Disposable {
  readonly #streams: TextStreams;
  #bar: SingleBar | undefined;

  constructor(streams: TextStreams) {
    this.#streams = streams;
  }

  say(event: QuickstartEvent): void {
    if (event.event === "progress") return this.#progress(event);
    this[Symbol.dispose]();
    const stream = event.event === "failed" ? this.#streams.err : this.#streams.out;
    const indent = indented.has(event.event) ? "   " : "";
    for (const line of pageOf(event, paletteOf(stream))) stream.write(line === "" ? "\n" : `${indent}${line}\n`);
  }

  /** Leaves the terminal as it was. */
  [Symbol.dispose](): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #progress({ of, step, percent }: EventOf<"progress">): void {
    if (!this.#streams.out.isTTY) return;
    if (this.#bar === undefined) {
      this.#bar = newBar(this.#streams.out);
      this.#bar.start(100, percent, { of, step });
    }
    this.#bar.update(percent, { of, step });
  }
}

/** Gone as soon as something is told: what came of it is told then. */
const newBar = (stream: NodeJS.WriteStream): SingleBar =>
  new SingleBar({
    stream,
    format: "   {of} {bar} {percentage} % {step}",
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    // Ctrl-C is ours.
    gracefulExit: false,
  });

function paletteOf(stream: NodeJS.WriteStream): Palette {
  return palette(stream.isTTY && stream.hasColors());
}
