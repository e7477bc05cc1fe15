import type { QuickstartEvent } from "../../src/events.ts";

/** A moment of a run with real guests: the first event that fits. */
export interface Moment {
  readonly name: string;
  readonly is: (event: QuickstartEvent) => boolean;
}

const progress = (of: string, step: string): Moment => ({
  name: `${of}: ${step}`,
  is: (event) => event.event === "progress" && event.of === of && event.step === step,
});

const step = (number: number): Moment => ({
  name: `step ${number}`,
  is: (event) => event.event === "step" && event.number === number,
});

const after = (name: QuickstartEvent["event"]): Moment => ({
  name: `after ${name}`,
  is: (event) => event.event === name,
});

/** From the first to the last thing that it does: namespaces, daemon, host, images, guests, snapshot, deletion. */
export const moments: readonly Moment[] = [
  after("started"),
  step(1),
  after("daemon"),
  after("hosts"),
  progress("web-1", "base image"),
  progress("web-1", "network"),
  progress("web-1", "guest"),
  progress("web-2", "start"),
  { name: "while web-2 boots", is: (event) => event.event === "server" && event.name === "web-2" },
  after("kernel"),
  progress("snapshot", "freeze"),
  progress("snapshot", "store"),
  progress("deleting web-1", "guest"),
];
