import { notFound } from "../access/caller.ts";
import { CloudHostError } from "../errors.ts";
import { findImage } from "../images/find-image.ts";
import type { ImageProperties } from "../images/model.ts";
import type { ImageRecords, ImageRow } from "../images/store.ts";
import { bytesFromGib } from "../units.ts";
import type { RescuePlan, StoredBoot, StoredImage } from "./guest-spec.ts";

/** An image as a guest boots from it. */
export interface BootImage {
  readonly row: ImageRow;
  readonly image: StoredImage;
  /** Where it has a kernel to start directly. */
  readonly boot?: StoredBoot;
  readonly properties: ImageProperties;
}

/** What an image asks of its host. */
export const imageTraits = ({ architecture, hypervisor }: ImageProperties): ImageTraits => ({
  ...(architecture === undefined ? {} : { architecture }),
  ...(hypervisor === undefined ? {} : { hypervisor }),
});

/** A host's properties that an image may ask for. */
export interface ImageTraits {
  readonly architecture?: string;
  readonly hypervisor?: string;
}

/** What an image needs room in, and what to call it. */
export interface Room {
  /** The field of the input that is to blame: `flavor`, `image`. */
  readonly path: string;
  /** `The flavor c1.e1`. */
  readonly what: string;
  readonly memoryMib: number;
  /** `undefined`: a disk that is as large as the image. */
  readonly systemDiskGib: number | undefined;
}

/** Images as guests boot from them. */
export class BootImages {
  readonly #images: ImageRecords;

  constructor(images: ImageRecords) {
    this.#images = images;
  }

  /**
   * One that the project may boot: its own, or a public one. Its own name goes before a public one's.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is not active
   */
  async chosen(idOrName: string, projectId: string): Promise<BootImage> {
    const find = async (wanted: string): Promise<ImageRow> => {
      const row = await findImage(this.#images, projectId, wanted);
      if (row.state === "active" && row.digest !== null) return row;
      const details = { state: row.state, allowed: ["active"] };
      throw new CloudHostError("CONFLICT", `The image ${row.name} is ${row.state}.`, details);
    };
    return bootImage(await find(idOrName), find);
  }

  /** One that a guest was made from, also when it was deleted since: its host still holds it. */
  async used(imageId: string): Promise<BootImage> {
    const find = async (id: string): Promise<ImageRow> => {
      const row = await this.#images.ever(id);
      if (row === undefined) throw notFound("image", id);
      return row;
    };
    return bootImage(await find(imageId), find);
  }
}

async function bootImage(row: ImageRow, find: (id: string) => Promise<ImageRow>): Promise<BootImage> {
  const properties = JSON.parse(row.properties) as ImageProperties;
  const image = storedImage(row);
  const { kernelImage, initrdImage, kernelArguments = "" } = properties;
  if (kernelImage === undefined) return { row, image, properties };
  const kernel = storedImage(await find(kernelImage));
  const initrd = initrdImage === undefined ? {} : { initrd: storedImage(await find(initrdImage)) };
  return { row, image, properties, boot: { kernel, ...initrd, arguments: kernelArguments } };
}

const storedImage = ({ id, digest }: ImageRow): StoredImage => ({ imageId: id, digest: digest ?? "" });

/** What of an image a guest's plan has. */
export const bootedFrom = ({ image, boot }: RescuePlan): RescuePlan => ({
  image,
  ...(boot === undefined ? {} : { boot }),
});

/** @throws CloudHostError `INVALID_ARGUMENT` where the image needs more */
export function requireRoom({ row }: BootImage, { path, what, memoryMib, systemDiskGib }: Room): void {
  const needGib = Math.max(row.min_disk_gib, Math.ceil((row.logical_bytes ?? 0) / bytesFromGib(1)));
  const faults = [
    ...(systemDiskGib !== undefined && systemDiskGib < needGib
      ? [`the image needs a system disk of ${needGib} GiB`]
      : []),
    ...(memoryMib < row.min_memory_mib ? [`the image needs ${row.min_memory_mib} MiB of memory`] : []),
  ];
  if (faults.length === 0) return;
  const issues = faults.map((message) => ({ path, message }));
  throw new CloudHostError("INVALID_ARGUMENT", `${what} is too small: ${faults.join(", ")}.`, { issues });
}
