import { createHash, randomInt } from "node:crypto";
import { CloudHostError } from "@cloudhost/core";

let drawn: number | undefined;

/**
 * The seed of all test clouds of this process that are given none: the environment's `CLOUDHOST_SEED`, or one that is
 * drawn once and printed on stderr, so that a failure can be repeated.
 * @throws CloudHostError `INVALID_ARGUMENT` for a variable that is no integer
 */
export function processSeed(): number {
  const given = process.env["CLOUDHOST_SEED"];
  if (given !== undefined) return parse(given);
  if (drawn === undefined) {
    drawn = randomInt(2 ** 31);
    process.stderr.write(`Test clouds of this process repeat themselves with CLOUDHOST_SEED=${drawn}\n`);
  }
  return drawn;
}

/** Random bytes that are the same for the same seed: for ids. */
export function seededBytes(seed: number): (bytes: number) => Uint8Array {
  let calls = 0;
  return (bytes) => createHash("sha256").update(`${seed} ${calls++}`).digest().subarray(0, bytes);
}

function parse(text: string): number {
  const seed = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(seed)) return seed;
  const issues = [{ path: "CLOUDHOST_SEED", message: "not an integer" }];
  throw new CloudHostError("INVALID_ARGUMENT", `CLOUDHOST_SEED is not an integer: ${text}.`, { issues });
}
