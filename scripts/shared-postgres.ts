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
    const ready = join(share, "ready.json");
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
  const ready = join(share, "ready.json");
  const mine = await mkdir(join(share, "starting")).then(
    () => true,
    () => false,
  );
  if (mine) {
    try {
      const { pid, folder, socketDir } = await startPostgres({ durable: false });
      await writeFile(`${ready}.new`, JSON.stringify({ pid, folder, socketDir } satisfies Shared));
      await rename(`${ready}.new`, ready);
    } catch (error) {
      await writeFile(join(share, "failed"), String(error));
    }
  }
  while (!existsSync(ready)) {
    if (existsSync(join(share, "failed"))) throw new Error(await readFile(join(share, "failed"), "utf8"));
    await sleep(20);
  }
  const { socketDir } = JSON.parse(await readFile(ready, "utf8")) as Shared;
  return makeDatabase(socketDir, name);
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
