import { join } from "node:path";
import { silentLogger, systemClock, uuidv7Ids } from "@cloudhost/core/ports";
import { fileSystemBackend, findLeftovers, imageStore } from "@cloudhost/image-store";
import type { CloudPlaces, Finding } from "./finding.ts";
import { living } from "./check-store.ts";
import type { Facts } from "./store.ts";

/** What the image store and the hosts' caches have, against the store's images and servers. */
export async function checkImages(facts: Facts, { imageDir, stateDir }: CloudPlaces): Promise<readonly Finding[]> {
  // Before the store is opened: opening it takes away what dead processes left.
  const findings: Finding[] = (await findLeftovers(fileSystemBackend(imageDir))).map(({ kind, key }) => ({
    kind: kind === "session" ? "chunk session" : "image",
    what: `${kind} ${key} is needed by no image`,
  }));
  const clock = systemClock();
  const context = { clock, ids: uuidv7Ids(clock), logger: silentLogger };
  await using store = await imageStore({ backend: fileSystemBackend(imageDir) }).open(context);
  const active = new Set(facts.images.filter(({ state }) => state === "active").map(({ id }) => String(id)));
  // One that could not be deleted is in error, and still there until it is deleted again.
  const undeleted = new Set(
    facts.images.filter(({ state, digest }) => state === "error" && digest !== null).map(({ id }) => id),
  );
  for await (const { name } of store.list()) {
    if (!active.delete(name) && !undeleted.has(name))
      findings.push({ kind: "image", what: `the store has ${name}, which is no active image` });
  }
  for (const id of active) findings.push({ kind: "image", what: `image ${id} is active, but not stored` });
  for (const host of facts.hosts) {
    const mine = living(facts).filter(({ host_id }) => host_id === host["id"]);
    const wanted = new Set(mine.map(({ id }) => String(id)));
    await using images = await store.hostImages({ cacheDir: join(stateDir, "hosts", String(host["name"]), "images") });
    for (const holder of await images.holders()) {
      if (!wanted.delete(holder)) {
        findings.push({
          kind: "held base",
          what: `${host["name"]} keeps a base for ${holder}, which has no guest there`,
        });
      }
    }
    for (const id of wanted) findings.push({ kind: "held base", what: `${host["name"]} keeps no base for ${id}` });
  }
  return findings;
}
