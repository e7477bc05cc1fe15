import { z } from "zod";

const count = z.int().min(0);

/**
 * A line that a host test appends to the file `CLOUDHOST_LEDGER`, when it has really done or seen something. Tests can
 * pass for a wrong reason; a guest that booted and bytes that went through a class cannot be made up.
 */
export const LedgerLine = z.strictObject({
  /** Which test says so. */
  test: z.string().min(1),
  /** Guests whose own OS said that it has booted. */
  guestsBooted: count.optional(),
  /** Files of guests' cgroups that were read back. */
  cgroupFilesRead: count.optional(),
  /** Bytes that the kernel counted in each HTB class: `{ "internal 1:10": 5242880 }`. */
  htbBytes: z.record(z.string(), count).optional(),
  /** Connections that a real socket saw refused or unanswered. */
  refusals: count.optional(),
});
/** A line of the ledger. */
export type LedgerLine = z.infer<typeof LedgerLine>;

/** What all host tests together have done. */
export interface Ledger {
  readonly guestsBooted: number;
  readonly cgroupFilesRead: number;
  readonly htbBytes: Readonly<Record<string, number>>;
  readonly refusals: number;
}

/** Adds up a ledger's lines. */
export function sumLedger(text: string): Ledger {
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => LedgerLine.parse(JSON.parse(line)));
  const sum = (name: "guestsBooted" | "cgroupFilesRead" | "refusals"): number =>
    lines.reduce((total, line) => total + (line[name] ?? 0), 0);
  const htbBytes: Record<string, number> = {};
  for (const [name, bytes] of lines.flatMap((line) => Object.entries(line.htbBytes ?? {}))) {
    htbBytes[name] = (htbBytes[name] ?? 0) + bytes;
  }
  return {
    guestsBooted: sum("guestsBooted"),
    cgroupFilesRead: sum("cgroupFilesRead"),
    htbBytes,
    refusals: sum("refusals"),
  };
}

/** What is zero and must not be. */
export function zerosIn({ htbBytes, ...counts }: Ledger): string[] {
  const figures = Object.entries({ ...counts, "classes with bytes": Object.keys(htbBytes).length });
  const classes = Object.entries(htbBytes).map(([name, bytes]) => [`bytes of class ${name}`, bytes] as const);
  return [...figures, ...classes].filter(([, figure]) => figure === 0).map(([name]) => name);
}
