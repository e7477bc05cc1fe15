import { appendFileSync } from "node:fs";

/** What a host test did for real. */
type LedgerEntry =
  | { readonly kind: "htbBytes"; readonly class: string; readonly bytes: number }
  | { readonly kind: "refusal"; readonly from: string; readonly to: string };

/** Adds a line to the ledger that a run of the host tests ends with, where one is kept. */
export function record(entry: LedgerEntry): void {
  const file = process.env["CLOUDHOST_LEDGER"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}
