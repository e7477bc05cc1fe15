// Works on a store until it is killed. Arguments: folder, seed. Says "ready" when it begins.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileSystemBackend, imageStore } from "../../src/index.ts";
import { context } from "../support/context.ts";
import { diskNames, guestId, imageIdOf, random } from "./scene.ts";

const [, , folder = "", seed = "0"] = process.argv;
const pick = random(Number(seed));
const store = await imageStore({ backend: fileSystemBackend(join(folder, "store")) }).open(context());
const images = await store.hostImages({ cacheDir: join(folder, "cache") });

async function step(): Promise<void> {
  const disk = diskNames[pick(diskNames.length)] ?? "";
  const name = imageIdOf(disk);
  const there = await store.get(name);
  if (there === undefined) return void (await store.import(name, join(folder, disk)));
  switch (pick(3)) {
    case 0:
      return store.delete(name);
    case 1:
      await rm(join(folder, `${disk}.out`), { force: true });
      return store.export(name, join(folder, `${disk}.out`));
    default:
      await images.ensure({ imageId: name, digest: there.digest, holder: guestId });
      return images.release(guestId);
  }
}

process.stdout.write("ready\n");
for (;;) await step();
