import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { basename } from "node:path";
import { CloudHostError } from "@cloudhost/core";
import type { Image, ImportImage } from "@cloudhost/core";
import { collect } from "../answers.ts";
import { findProgram } from "../find-program.ts";
import { makeImage } from "../image/make-image.ts";
import { clearWork } from "../state/state-folder.ts";
import { follow, timed } from "../tour.ts";
import type { Tour } from "../tour.ts";

/** What the image made on the spot is called. */
const madeName = "quickstart";

/**
 * The image that servers boot from: imported, or found where an earlier run imported it.
 * @param file a disk image of the user's; without it one is made
 */
export async function importImage(tour: Tour, file: string | undefined): Promise<Image> {
  if (file !== undefined) return storeImage(tour, { name: await nameOf(file), path: async () => file });
  const image = await storeImage(tour, { name: madeName, path: () => makeHere(tour) });
  await clearWork(tour.folder);
  return image;
}

/**
 * Stores an image unless one of its name is there.
 * @param wanted its file is asked for only when it is needed
 */
export async function storeImage(
  tour: Tour,
  { name, path, properties }: { name: string; path: () => Promise<string>; properties?: ImportImage["properties"] },
): Promise<Image> {
  const { member, stop } = tour;
  const known = (await stop.until(collect(member.images.list({ state: "active" })))).find(
    (image) => image.name === name && image.serverId === null,
  );
  if (known !== undefined) {
    tellImage(tour, known, true, 0);
    return known;
  }
  const input = { name, path: await path(), ...(properties === undefined ? {} : { properties }) };
  const { result: image, ms } = await timed(() => follow(tour, `importing ${name}`, () => member.images.import(input)));
  tellImage(tour, image, false, ms);
  return image;
}

async function makeHere({ folder, say, stop }: Tour): Promise<string> {
  say({ event: "progress", of: "making a disk image", step: "copying files", percent: 0 });
  const made = await makeImage(folder.work, await findProgram("mke2fs"), stop.signal);
  say({ event: "made", ...made });
  return made.path;
}

/** The file's own name, and what tells it from another of that name or from itself after a change. */
async function nameOf(file: string): Promise<string> {
  const path = await realpath(file).catch((cause: unknown) => {
    throw new CloudHostError("NOT_FOUND", `There is no file ${file}.`, { resource: "file", id: file }, { cause });
  });
  const { size, mtimeMs } = await stat(path);
  const version = createHash("sha256")
    .update(JSON.stringify([path, size, mtimeMs]))
    .digest("hex")
    .slice(0, 8);
  const stem = basename(path)
    .replaceAll(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return `${stem.slice(0, 50) || "image"}-${version}`;
}

function tellImage({ say }: Pick<Tour, "say">, image: Image, found: boolean, ms: number): void {
  const { id, name, logicalBytes, storedBytes, chunks } = image;
  if (logicalBytes === null || storedBytes === null || chunks === null) return;
  say({ event: "image", id, name, found, logicalBytes, storedBytes, chunks, ms });
}
