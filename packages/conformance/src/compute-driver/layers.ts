import { stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bytesFromGib } from "@cloudhost/core/ports";
import type { BaseDisk, DiskLayer, GuestSpec } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { bootsTo, eachCase, extensionsOf, startToBoot, stateOf, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

const why = "the driver cannot move disks";

/** As it comes to the other host: bytes that nobody but a driver reads. */
const carried = ({ path }: Pick<DiskLayer, "path">): BaseDisk => ({
  path,
  format: "raw",
  digest: `sha256:${"1".repeat(64)}`,
});

/** Moving a guest to another host by what it wrote alone. */
export function layersSuite(open: OpenComputeSubject): void {
  it(
    "carries what the guest wrote to another host, and not the base",
    eachCase(open, async ({ driver, guest, host, ids, skip }) => {
      skip(!driver.capabilities.moveDisks, why);
      const source = extensionsOf(driver, "moveDisks");
      const id = ids.next("dsk");
      const disks: GuestSpec["disks"] = [...guest.disks, { kind: "data", id, sizeGib: 1 }];
      await driver.define({ ...guest, disks });
      await host.writeDisk(guest.id, "system", "written at the source");
      await host.writeDisk(guest.id, id, "on a data disk");
      const layers = await source.layers(guest.id);
      expect(layers.map(({ disk }) => disk).toSorted()).toEqual(["system", id].toSorted());
      const { size: baseBytes } = await stat(guest.base.path);
      for (const { path, sizeBytes } of layers) {
        const { size, blocks } = await stat(path);
        expect(sizeBytes).toBe(size);
        expect(blocks * 512).toBeLessThan(baseBytes / 2);
      }

      await using other = await open();
      const target = extensionsOf(other.driver, "moveDisks");
      // The base is there under another path, and a layer may come to a disk that is larger than it was.
      const { base, boot } = other.guest;
      const larger: GuestSpec = {
        ...guest,
        base,
        ...(boot === undefined ? {} : { boot }),
        nics: [],
        disks: disks.map((disk) => ({ ...disk, sizeGib: disk.sizeGib + 1 })),
      };
      try {
        await target.define(larger);
        for (const layer of [...layers, ...layers]) await target.putLayer(guest.id, layer.disk, carried(layer));
        // The files were left alone, and copied: the guest may go where it came from.
        expect((await host.disks(guest.id)).get("system")?.text).toBe("written at the source");
        await driver.remove(guest.id);
        await target.define(larger);
        const moved = await other.host.disks(guest.id);
        expect(moved.get("system")?.text).toBe("written at the source");
        expect(moved.get(id)).toEqual({ sizeBytes: bytesFromGib(2), text: "on a data disk" });
        await target.start(guest.id);
        expect(await stateOf(target, guest)).toMatchObject({ power: "running" });
        await bootsTo({ ...other, guest }, 1);
      } finally {
        await other.driver.remove(guest.id);
      }
      expect(await other.host.leftovers(guest.id)).toEqual([]);
    }),
  );

  it(
    "refuses a guest that runs, and one that it does not know",
    eachCase(open, async (subject) => {
      const { driver, guest, skip } = subject;
      skip(!driver.capabilities.moveDisks, why);
      const mover = extensionsOf(driver, "moveDisks");
      await driver.define(guest);
      const [layer] = await mover.layers(guest.id);
      await startToBoot(subject);
      const file = carried(layer ?? { path: "/" });
      await expect(mover.layers(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(mover.putLayer(guest.id, "system", file)).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(mover.layers(unknownGuestId)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
      await expect(mover.putLayer(unknownGuestId, "system", file)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
    }),
  );

  it(
    "refuses a file that is no layer, and keeps the disk",
    eachCase(open, async ({ driver, guest, host, ids, skip }) => {
      skip(!driver.capabilities.moveDisks, why);
      const mover = extensionsOf(driver, "moveDisks");
      await driver.define(guest);
      await host.writeDisk(guest.id, "system", "mine");
      const [layer] = await mover.layers(guest.id);
      const path = join(dirname(layer?.path ?? ""), `${ids.next("cmd")}.garbage`);
      await writeFile(path, "this is no layer of any disk");
      await expect(mover.putLayer(guest.id, "system", carried({ path }))).rejects.toMatchObject({
        code: "IMAGE_CORRUPT",
      });
      expect((await host.disks(guest.id)).get("system")?.text).toBe("mine");
    }),
  );
}
