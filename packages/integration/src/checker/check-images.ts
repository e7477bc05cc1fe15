import { join } from "node:path";
import { silentLogger, systemClock, uuidv7Ids } from "@cloudhost/core/ports";
import { fileSystemBackend, findLeftovers, imageStore } from "@cloudhost/image-store";
import type { CloudPlaces, Finding } from "./finding.ts";
import { living } from "./check-store.ts";
import { leftOn, placesOf } from "./places.ts";
import type { Facts, Row } from "./store.ts";

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
  const layers = new Set(facts.shelvedLayers.map(({ image_id: id }) => String(id)));
  for await (const { name } of store.list()) {
    if (layers.delete(name)) continue;
    if (!active.delete(name) && !undeleted.has(name))
      findings.push({ kind: "image", what: `the store has ${name}, which is no active image` });
  }
  for (const id of active) findings.push({ kind: "image", what: `image ${id} is active, but not stored` });
  for (const id of layers) findings.push({ kind: "image", what: `layer ${id} of a shelved server is not stored` });
  for (const host of facts.hosts) {
    const mine = living(facts).filter((server) => placesOf(server).some(({ hostId }) => hostId === host["id"]));
    const wanted = new Set(mine.flatMap((server) => heldBy(server, facts)));
    const left = leftOn(host["name"], facts);
    const cache = fileSystemBackend(join(stateDir, "hosts", String(host["name"]), "images", "state"));
    for await (const { key } of cache.list("holders/")) {
      const held = key.slice("holders/".length);
      if (!wanted.delete(held) && !left.has(holderOf(held)))
        findings.push({ kind: "held base", what: `${host["name"]} keeps ${held}, which nothing there boots from` });
    }
    for (const held of wanted) {
      if (!left.has(holderOf(held)))
        findings.push({ kind: "held base", what: `${host["name"]} does not keep ${held}` });
    }
  }
  return findings;
}

/** What a server's host keeps for it, as the cache names it: what it boots from, and what it is rescued with. */
function heldBy(server: Row, { images }: Facts): readonly string[] {
  const withKernel = (id: unknown): readonly Row[] => {
    const image = images.find((one) => one["id"] === id);
    if (image === undefined) return [];
    const { kernelImage, initrdImage } = JSON.parse(String(image["properties"])) as Record<string, string>;
    return [image, ...withKernel(kernelImage), ...withKernel(initrdImage)];
  };
  const booted = [server["image_id"], ...(server["state"] === "rescued" ? [server["rescue_image_id"]] : [])];
  const digests = new Set(booted.flatMap(withKernel).map(({ digest }) => String(digest)));
  return [...digests].map((digest) => `${server["id"]}.${digest.slice(digest.indexOf(":") + 1)}`);
}

const holderOf = (held: string): string => held.slice(0, held.indexOf("."));
