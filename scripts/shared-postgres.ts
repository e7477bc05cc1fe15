import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "vitest/node";
import { makeDatabase, startPostgres } from "./postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder through which the processes of one test run share one PostgreSQL server. */
    postgresShare: string;
  }
}

interface Shared {
  readonly pid: number;
  readonly folder: string;
  readonly socketDir: string;
}

/** One server a test run, started by the first test that asks for it, stopped at the run's end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const share = await mkdtemp(join(tmpdir(), "cloudhost-pg-share-"));
  project.provide("postgresShare", share);
  return async () => {
    const ready = join(share, "server.json");
    if (existsSync(ready)) {
      const { pid, folder } = JSON.parse(await readFile(ready, "utf8")) as Shared;
      process.kill(pid, "SIGINT");
      await gone(pid);
      await rm(folder, { recursive: true, force: true });
    }
    await rm(share, { recursive: true, force: true });
  };
}

/**
 * A connection string to an empty database of the run's own server.
 * @param share `inject("postgresShare")`
 * @throws Error when the server does not start
 */
export async function sharedDatabase(share: string, name: string): Promise<string> {
  return makeDatabase((await sharedServer(share)).socketDir, name);
}

/** As {@link sharedDatabase}, but one that has the schema already: a copy of one that was migrated once for the whole run. */
export async function migratedDatabase(share: string, name: string): Promise<string> {
  const { socketDir } = await sharedServer(share);
  await onceOfRun(share, "migrated", async () => {
    const database = await makeDatabase(socketDir, template);
    // By its path: the packages' tests use this module too, and none of them needs what core is built to.
    const module = new URL("../packages/core/src/cli/migrate.ts", import.meta.url).href;
    const { migrate } = (await import(/* @vite-ignore */ module)) as { migrate: Migrate };
    const said: string[] = [];
    const code = await migrate([database], { print: () => {}, note: (text) => said.push(text) });
    if (code !== 0) throw new Error(said.join(""));
    return {};
  });
  return makeDatabase(socketDir, name, template);
}

const template = "migrated";

type Migrate = (
  args: readonly string[],
  output: { readonly print: (text: string) => void; readonly note: (text: string) => void },
) => Promise<number>;

function sharedServer(share: string): Promise<Shared> {
  return onceOfRun(share, "server", async () => {
    const { pid, folder, socketDir } = await startPostgres({ durable: false });
    return { pid, folder, socketDir };
  });
}

/** What the first process of the run to ask for it has made, for all of them. */
async function onceOfRun<Made extends object>(share: string, what: string, make: () => Promise<Made>): Promise<Made> {
  const [ready, failed] = [join(share, `${what}.json`), join(share, `${what}.failed`)];
  const mine = await mkdir(join(share, `${what}.begun`)).then(
    () => true,
    () => false,
  );
  if (mine) {
    try {
      await writeFile(`${ready}.new`, JSON.stringify(await make()));
      await rename(`${ready}.new`, ready);
    } catch (error) {
      await writeFile(failed, String(error));
    }
  }
  while (!existsSync(ready)) {
    if (existsSync(failed)) throw new Error(await readFile(failed, "utf8"));
    await sleep(20);
  }
  return JSON.parse(await readFile(ready, "utf8")) as Made;
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(20);
  }
}
