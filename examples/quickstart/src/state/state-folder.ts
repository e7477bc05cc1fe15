import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CloudHostError, isCloudHostError } from "@cloudhost/core";
import { lockFolder } from "@cloudhost/core/agent";
import { z } from "zod";

/** What the folder says of itself: what was begun with one driver cannot go on with another. */
const Note = z.object({ driver: z.enum(["fake", "libvirt"]) });
type Driver = z.infer<typeof Note>["driver"];

/** The folder that all state is kept in, ours alone until it is disposed of or the process ends. */
export interface StateFolder extends AsyncDisposable {
  readonly path: string;
  /** Whether an earlier run got so far as to make a database. */
  readonly continues: boolean;
  /** SQLite's file. */
  readonly database: string;
  /** The image store's chunks and manifests. */
  readonly images: string;
  /** The fake hosts' worlds. */
  readonly fake: string;
  /** What is only needed for a while. */
  readonly work: string;
}

/**
 * Takes the folder, and makes it when it is not there.
 * @throws CloudHostError `LOCKED` when another quickstart has it, `CONFLICT` when it belongs to the other driver,
 * `HOST_UNAVAILABLE` when it cannot be used
 */
export async function openStateFolder(path: string, driver: Driver): Promise<StateFolder> {
  await using taken = new AsyncDisposableStack();
  const note = join(path, "quickstart.json");
  try {
    await mkdir(path, { recursive: true });
    taken.use(await lockFolder(path));
    await writeFile(join(path, ".gitignore"), "*\n");
    if (!existsSync(note)) await writeFile(note, `${JSON.stringify({ driver })}\n`);
  } catch (error) {
    throw isCloudHostError(error, "LOCKED") ? takenBy(error, path) : unusable(error, path);
  }
  await requireDriver(note, driver, path);
  const held = taken.move();
  const database = join(path, "cloud.db");
  return {
    path,
    continues: existsSync(database),
    database,
    images: join(path, "images"),
    fake: join(path, "fake"),
    work: join(path, "work"),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Removes what was only needed for a while. */
export const clearWork = ({ work }: StateFolder): Promise<void> => rm(work, { recursive: true, force: true });

async function requireDriver(note: string, driver: Driver, path: string): Promise<void> {
  const found = Note.safeParse(parseJson(await readFile(note, "utf8")));
  if (found.success && found.data.driver === driver) return;
  const state = found.success ? `begun with --driver ${found.data.driver}` : "damaged";
  throw new CloudHostError(
    "CONFLICT",
    `What is in ${path} was ${state}. Give this run a folder of its own: --state DIR.`,
    {
      state,
      allowed: [driver],
    },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const takenBy = (cause: CloudHostError<"LOCKED">, path: string): CloudHostError =>
  new CloudHostError(
    "LOCKED",
    `Another quickstart (${cause.details.by}) is at work in ${path}.`,
    { resource: path, by: cause.details.by },
    { cause, retryable: true },
  );

function unusable(cause: unknown, path: string): CloudHostError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CloudHostError(
    "HOST_UNAVAILABLE",
    `The folder ${path} cannot be used: ${reason}`,
    { host: path, reason },
    { cause },
  );
}
