import { CloudHostError } from "../errors.ts";
import { transactionMostMs } from "./database.ts";

/**
 * A transaction that waits for something outside holds up every writer: after 5 s it is undone. It goes by real time,
 * since the lock that it holds is real.
 * @throws CloudHostError `DEADLINE_EXCEEDED`
 */
export async function withWatchdog<Out>(work: Promise<Out>): Promise<Out> {
  let timer: NodeJS.Timeout | undefined;
  const bark = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const details = { what: "transaction", timeoutMs: transactionMostMs };
      reject(new CloudHostError("DEADLINE_EXCEEDED", "A transaction was open too long and was undone.", details));
    }, transactionMostMs);
  });
  try {
    return await Promise.race([work, bark]);
  } finally {
    clearTimeout(timer);
  }
}
