import { mkdir, mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleGuest } from "@cloudhost/conformance";
import type { ComputeSubject, DiskView } from "@cloudhost/conformance";
import { diskKey, HostReserve, silentLogger, systemClock, uuidv7Ids } from "@cloudhost/core/ports";
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
  const openDriver = (kept: HostReserve): Promise<ComputeDriver> =>
    driverModule.open(options, {
      host: "host-1",
      reserve: kept,
      clock,
      ids: uuidv7Ids(clock),
      logger: silentLogger,
      signal: new AbortController().signal,
      stateDir,
    });

  let driver = await openDriver(reserve);
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
      disks: async (guestId) => {
        const guest = new GuestFolder(stateDir, guestId);
        const disks = (await guest.spec())?.disks.map(diskKey) ?? [];
        return new Map(await Promise.all(disks.map(async (disk) => [disk, await look(guest.disk(disk))] as const)));
      },
      writeDisk: async (guestId, disk, text) => {
        await writeFile(new GuestFolder(stateDir, guestId).disk(disk), text.padEnd(64, "\0"), { flag: "r+" });
      },
    },
    async reopen(kept = reserve) {
      await driver[Symbol.asyncDispose]();
      return (driver = await openDriver(kept));
    },
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

/** A disk's size, and the text at its beginning. */
async function look(path: string): Promise<DiskView> {
  await using file = await open(path, "r");
  const { buffer } = await file.read(Buffer.alloc(64), 0, 64, 0);
  return { sizeBytes: (await file.stat()).size, text: buffer.toString().replaceAll("\0", "") };
}
