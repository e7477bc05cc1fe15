import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleGuest } from "@cloudhost/conformance";
import type { ComputeSubject } from "@cloudhost/conformance";
import { HostReserve, silentLogger, systemClock, uuidv7Ids } from "@cloudhost/core/ports";
import type { ComputeDriver } from "@cloudhost/core/ports";
import { GuestFolder } from "./guest-folder.ts";
import driverModule from "./process-driver.ts";

/** An empty host in a temporary folder, a guest for it, and a look at it past the driver. */
export async function openSubject(): Promise<ComputeSubject> {
  const dir = await mkdtemp(join(tmpdir(), "process-driver-"));
  const stateDir = join(dir, "guests");
  await mkdir(stateDir);
  const clock = systemClock();
  const reserve = HostReserve.parse({});
  const options = driverModule.options.parse({ cores: 8, milliEcuPerCore: 4000, memoryMib: 16_384, diskGib: 100 });
  const open = (kept: HostReserve): Promise<ComputeDriver> =>
    driverModule.open(options, {
      host: "host-1",
      reserve: kept,
      clock,
      ids: uuidv7Ids(clock),
      logger: silentLogger,
      signal: new AbortController().signal,
      stateDir,
    });

  let driver = await open(reserve);
  return {
    ...(await sampleGuest(join(dir, "images"))),
    driver,
    reserve,
    clock,
    readyWithinMs: 5000,
    host: {
      boots: async (guestId) => (await new GuestFolder(stateDir, guestId).console()).split("booting").length - 1,
      leftovers: async (guestId) =>
        (await readdir(stateDir, { recursive: true })).filter((name) => name.startsWith(guestId)),
    },
    async reopen(kept = reserve) {
      await driver[Symbol.asyncDispose]();
      return (driver = await open(kept));
    },
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}
