import { z } from "zod";
import type { ActHost } from "../../operations/tools.ts";
import { idOf } from "../../ids.ts";
import { DiskKey } from "../../ports/guest.ts";
import type { ShelvedLayer } from "../shelved-store.ts";

/** A disk, and under which name its own layer goes through the image store. */
export const LayerToStore = z.strictObject({ disk: DiskKey, imageId: idOf("img") });
export type LayerToStore = z.infer<typeof LayerToStore>;

/**
 * Stores what a stopped guest's disks have written themselves: of those asked for, what its host has.
 * @param missing told of each that it has not, before any behind it is stored
 */
export async function storeLayers(
  { compute, images }: ActHost,
  serverId: string,
  layers: readonly LayerToStore[],
  missing: (disk: DiskKey) => void = () => {},
): Promise<ShelvedLayer[]> {
  const paths = new Map((await compute.layers(serverId)).map(({ disk, path }) => [disk, path]));
  const stored: ShelvedLayer[] = [];
  for (const { disk, imageId } of layers) {
    const path = paths.get(disk);
    if (path === undefined) {
      missing(disk);
      continue;
    }
    const { digest } = await images.ingest({ path, format: "raw", chain: [path] }, imageId);
    stored.push({ disk, imageId, digest });
  }
  return stored;
}

/** Gives a stopped guest what its disks had written elsewhere. */
export async function putLayers(
  { compute, images }: ActHost,
  serverId: string,
  layers: readonly ShelvedLayer[],
): Promise<void> {
  for (const { disk, imageId, digest } of layers) {
    const file = await images.ensure({ imageId, digest, holder: serverId });
    await compute.putLayer(serverId, disk, file);
  }
}

/** Deletes layers from the image store, if they are there. */
export async function deleteLayers(
  imageStore: { delete(name: string): Promise<unknown> },
  layers: readonly LayerToStore[],
): Promise<void> {
  for (const { imageId } of layers) await imageStore.delete(imageId);
}
