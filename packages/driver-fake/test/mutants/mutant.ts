import type { ComputeDriver, ComputeExtensions, ExtendedComputeDriver } from "@cloudhost/core/ports";
import type { FakeHostInput } from "../../src/index.ts";

/** A driver with one fault, and the cases of the suite that must find it. */
export interface Mutant {
  readonly name: string;
  /** The part of the suite that is run over it. */
  readonly behaviour: string;
  readonly caught: readonly string[];
  readonly host?: Partial<FakeHostInput>;
  mutate(driver: FakeDriver): Faulty;
}

/** The fake's: it has every optional method. */
export type FakeDriver = ComputeDriver & ComputeExtensions;

/** Methods in the place of a driver's own; `undefined` for one that it lacks. */
type Faulty = { [Method in keyof ExtendedComputeDriver]?: ExtendedComputeDriver[Method] | undefined };

/** Claims success. */
export const nothing = async (): Promise<void> => {};
