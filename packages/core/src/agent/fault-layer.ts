import { z } from "zod";
import { parseInput } from "../parse.ts";
import { seededRandom } from "./seeded-random.ts";

const chance = z.number().min(0).max(1).default(0);

/** How a bus misbehaves. Each applies to every message, in either direction; nothing by default. */
export const BusFaults = z.strictObject({
  /** The same seed gives the same faults to the same messages in the same order. */
  seed: z.int(),
  /** The chance that a message is lost. */
  drop: chance,
  /** The chance that it arrives twice. */
  repeat: chance,
  /** How late it may be, in milliseconds of the clock. */
  delayMs: z.int().min(0).default(0),
  /** The chance that it is held back 1 to 50 ms more, so that later ones overtake it. */
  reorder: chance,
});
export type BusFaults = z.input<typeof BusFaults>;

const heldBackMs = 50;

/** Decides what becomes of each message. It only says so: carrying it out is the bus's. */
export class FaultLayer {
  readonly #faults: z.output<typeof BusFaults>;
  readonly #random: () => number;

  /** @throws CloudHostError `INVALID_ARGUMENT` */
  constructor(faults: BusFaults) {
    this.#faults = parseInput(BusFaults, faults, "a bus's faults");
    this.#random = seededRandom(faults.seed);
  }

  /** How late, in milliseconds, each copy of the next message arrives: none when it is lost. */
  next(): readonly number[] {
    if (this.#happens(this.#faults.drop)) return [];
    return this.#happens(this.#faults.repeat) ? [this.#delayMs(), this.#delayMs()] : [this.#delayMs()];
  }

  #delayMs(): number {
    const delayMs = Math.floor(this.#random() * (this.#faults.delayMs + 1));
    if (!this.#happens(this.#faults.reorder)) return delayMs;
    return delayMs + 1 + Math.floor(this.#random() * heldBackMs);
  }

  #happens(chanceOfIt: number): boolean {
    return this.#random() < chanceOfIt;
  }
}
