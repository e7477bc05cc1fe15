import type { Machine } from "./machine.ts";

/** What one look at the machine found. */
export interface Finding {
  /** Names the check: `kvm`, `libvirtd`. */
  readonly check: string;
  /** `problem`: guests cannot run here. `warning`: they can, but worse than they might. */
  readonly level: "ok" | "warning" | "problem";
  /** A sentence on what is there. */
  readonly found: string;
  /** How to put it right; `null` when nothing is wrong. */
  readonly remedy: string | null;
}

/** One thing to look at. It changes nothing. */
export interface Check {
  readonly name: string;
  look(machine: Machine): Promise<Outcome>;
}

/** What a check finds: its finding without its name. */
export type Outcome = Omit<Finding, "check">;

/** Nothing is wrong. */
export const ok = (found: string): Outcome => ({ level: "ok", found, remedy: null });

/** Guests run, but worse than they might. */
export const warning = (found: string, remedy: string): Outcome => ({ level: "warning", found, remedy });

/** Guests cannot run. */
export const problem = (found: string, remedy: string): Outcome => ({ level: "problem", found, remedy });
