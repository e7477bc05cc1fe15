import { appendFileSync } from "node:fs";
import { z } from "zod";

/**
 * A line that a host test appends to the file `CLOUDHOST_LEDGER` when it has really done or seen something. Tests can
 * pass for a wrong reason; a guest that booted and bytes that went through a class cannot be made up.
 */
export const LedgerEntry = z.discriminatedUnion("kind", [
  /** A guest's own OS said that it has booted. */
  z.looseObject({ kind: z.literal("guestBooted"), guest: z.string() }),
  /** A file of a guest's cgroup was read back. */
  z.looseObject({ kind: z.literal("cgroupFile"), path: z.string() }),
  /** The kernel counted bytes in an HTB class: `internal 1:10`. */
  z.looseObject({ kind: z.literal("htbBytes"), class: z.string(), bytes: z.int().min(0) }),
  /** A real socket saw that its peer cannot be reached. */
  z.looseObject({ kind: z.literal("refusal"), from: z.string(), to: z.string() }),
]);
/** A line of the ledger. */
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** Adds a line to the ledger of this run of the host tests, where one is kept. */
export function record(entry: LedgerEntry): void {
  const file = process.env["CLOUDHOST_LEDGER"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** What all host tests together have done. */
export interface Ledger {
  readonly guestsBooted: number;
  readonly cgroupFilesRead: number;
  readonly refusals: number;
  readonly htbBytes: Readonly<Record<string, number>>;
}

/** Adds up a ledger's lines. @throws Error for a line that is none of {@link LedgerEntry} */
export function sumLedger(text: string): Ledger {
  const entries = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => LedgerEntry.parse(JSON.parse(line)));
  const count = (kind: LedgerEntry["kind"]): number => entries.filter((entry) => entry.kind === kind).length;
  const htbBytes: Record<string, number> = {};
  for (const entry of entries) {
    if (entry.kind === "htbBytes") htbBytes[entry.class] = (htbBytes[entry.class] ?? 0) + entry.bytes;
  }
  return {
    guestsBooted: count("guestBooted"),
    cgroupFilesRead: count("cgroupFile"),
    refusals: count("refusal"),
    htbBytes,
  };
}

/** What is zero and must not be. */
export function zerosIn({ htbBytes, ...counts }: Ledger): string[] {
  const figures = Object.entries({ ...counts, "classes with bytes": Object.keys(htbBytes).length });
  const classes = Object.entries(htbBytes).map(([name, bytes]) => [`bytes in class ${name}`, bytes] as const);
  return [...figures, ...classes].filter(([, figure]) => figure === 0).map(([name]) => name);
}
