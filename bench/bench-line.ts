/** One figure of a bench: a line of JSON on standard output. */
export interface BenchLine {
  /** The bench's name, as `npm run bench -- NAME` has it. */
  readonly bench: string;
  /** What was measured: `decision_cpu_us`, `claims_per_s`. */
  readonly metric: string;
  /** Under which conditions: `{ hosts: 10000, state: "warm" }`. */
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly value: number;
  /** `us`, `ms`, `s`, `bytes`, `MiB`, `1/s`, `%`, `ratio`. */
  readonly unit: string;
}

/** Hands out a figure as soon as it is known. */
export type Emit = (line: BenchLine) => void;

/**
 * What `bench/NAME.ts` exports by default: measures, and emits each figure.
 * @param args the words behind the bench's name on the command line
 */
export type Bench = (emit: Emit, args: readonly string[]) => Promise<void>;
