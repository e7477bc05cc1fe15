import type { Database } from "../database/database.ts";
import { GuardFailed } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";

/**
 * Commits a script of one statement that says whether it did anything, and the log's line with it; where it did
 * nothing, no line is written either.
 */
export async function commitLogged(database: Database, done: Script<boolean>, line: Statement): Promise<boolean> {
  const statements = done.statements.map((one) => ({ ...one, expect: 1, guard: didNothing }));
  try {
    await database.run({ statements: [...statements, line], result: undefined });
    return true;
  } catch (error) {
    if (error instanceof GuardFailed && error.guard === didNothing) return false;
    throw error;
  }
}

const didNothing = "did nothing";
