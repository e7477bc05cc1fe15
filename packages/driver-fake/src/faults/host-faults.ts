import type { CloudHostError } from "@cloudhost/core/ports";
import type { FakeMethod } from "./methods.ts";

/** What shall happen to calls of one method. */
export type FaultRule =
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "fail"; readonly error: CloudHostError }
  | { readonly kind: "lie" }
  | { readonly kind: "hang"; readonly gate: Gate }
  /** The effect is there, and the answer is not: an error comes instead, or nothing before the gate opens. */
  | { readonly kind: "crash"; readonly error: CloudHostError; readonly gate: Gate | undefined };

/** Holds calls until it is opened. */
export class Gate {
  readonly #reached = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<void>();

  /** Resolves when the first call stands before it. */
  readonly reached: Promise<void> = this.#reached.promise;

  /** Resolves when it is opened. */
  wait(): Promise<void> {
    this.#reached.resolve();
    return this.#opened.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}

interface Pending {
  readonly rule: FaultRule;
  times: number;
}

/** The faults of one host that are still to come. */
export class HostFaults {
  readonly #pending = new Map<FakeMethod, Pending[]>();
  unplugged = false;
  /** Whether it has no power. Not a fault to take back: whoever cut it gives it again. */
  off = false;

  add(method: FakeMethod, rule: FaultRule, times: number): void {
    const pending = this.#pending.get(method) ?? [];
    this.#pending.set(method, [...pending, { rule, times }]);
  }

  /** What happens to this call: any delays, and one rule that decides its end. */
  take(method: FakeMethod): {
    readonly delayMs: number;
    readonly end: Exclude<FaultRule, { kind: "delay" }> | undefined;
  } {
    let delayMs = 0;
    for (const pending of this.#pending.get(method) ?? []) {
      if (pending.times === 0) continue;
      pending.times -= 1;
      if (pending.rule.kind !== "delay") return { delayMs, end: pending.rule };
      delayMs += pending.rule.ms;
    }
    return { delayMs, end: undefined };
  }

  /** Takes a rule back, and lets go of whom it holds. */
  remove(method: FakeMethod, rule: FaultRule): void {
    const pending = this.#pending.get(method) ?? [];
    this.#pending.set(
      method,
      pending.filter((other) => other.rule !== rule),
    );
    openGate(rule);
  }

  /** All is well again: the host is plugged, calls that hang go on. */
  clear(): void {
    for (const pending of this.#pending.values()) for (const { rule } of pending) openGate(rule);
    this.#pending.clear();
    this.unplugged = false;
  }
}

function openGate(rule: FaultRule): void {
  if (rule.kind === "hang" || rule.kind === "crash") rule.gate?.open();
}
