import { parseArgs } from "node:util";
import { systemClock } from "../clock/system-clock.ts";
import { migrateDatabase } from "../database/migrations/migrate.ts";
import { openDatabase } from "../database/open-database.ts";
import { CloudHostError } from "../errors.ts";

const help = `cloudhost-migrate DATABASE [--table-prefix PREFIX] [--json]

Brings the schema of a cloud's database to this version, in one transaction. A schema that is there already is left as
it is, so it may be run before every start. Run it as a database user that may create tables; the service itself can
then be opened with { migrate: false } as one that may not.

  DATABASE        sqlite:PATH or postgres://USER@HOST/NAME
  --table-prefix  what stands before the name of each table, as in createCloud({ tablePrefix })
  --json          one line of JSON: {"applied": ["0001-initial"]}, or the error
  --help          this

Exit codes: 0 the schema is of this version, 1 it is not, 2 the command was not understood.

  cloudhost-migrate sqlite:./state/cloud.db
  cloudhost-migrate postgres://owner@db.example.org/cloud --table-prefix acme_
`;

const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** Where the command says what it did. */
export interface MigrateOutput {
  /** For the reader of the output. */
  readonly print: (text: string) => void;
  /** For the person at the terminal. */
  readonly note: (text: string) => void;
}

/**
 * Runs `cloudhost-migrate`.
 *
 * @param args without the program's own name
 * @returns the exit code
 */
export async function migrate(args: readonly string[], { print, note }: MigrateOutput): Promise<number> {
  const asked = understand(args);
  if (typeof asked === "string") {
    note(`${asked}\n\n${help}`);
    return exitCodes.usage;
  }
  if (asked.help) {
    print(help);
    return exitCodes.done;
  }
  try {
    const { database, tablePrefix } = asked;
    await using opened = await openDatabase({ database, tablePrefix, clock: systemClock() });
    const { applied } = await migrateDatabase(opened);
    print(asked.json ? `${JSON.stringify({ applied })}\n` : told(applied));
    return exitCodes.done;
  } catch (cause) {
    const error = CloudHostError.from(cause);
    note(asked.json ? `${JSON.stringify(error)}\n` : `${error.message}${reasonOf(error)}\n`);
    return exitCodes.failed;
  }
}

/** Runs it on this process's terminal. */
export const migrateHere = (args: readonly string[]): Promise<number> =>
  migrate(args, {
    print: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
  });

/** What the arguments ask for, or a sentence on what is wrong with them. */
function understand(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        "table-prefix": { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const [database, ...more] = positionals;
    const { help: wantsHelp, json } = values;
    if (database === undefined && !wantsHelp) return "Say which database: sqlite:PATH or postgres://…";
    if (more.length > 0) return `One database at a time: ${more.join(" ")} is too much.`;
    return { database: database ?? "", tablePrefix: values["table-prefix"], json, help: wantsHelp };
  } catch (error) {
    return (error as Error).message;
  }
}

const told = (applied: readonly string[]): string =>
  applied.length === 0
    ? "The schema is of this version already.\n"
    : `${applied.map((name) => `applied ${name}\n`).join("")}The schema is of this version now.\n`;

/** What lies behind the sentence, where the details say it: it never has a password in it. */
function reasonOf({ details }: CloudHostError): string {
  const { reason, found, supported } = details as { reason?: string; found?: string; supported?: string };
  if (reason !== undefined) return ` (${reason})`;
  return found === undefined ? "" : ` (found ${found}, this version knows ${supported ?? ""})`;
}
